// The entry for anywidget (JupyterLab, VS Code, Binder): the same view as in the page, over the widget's traits.

import { render } from "./mount.js";

export default { render };
