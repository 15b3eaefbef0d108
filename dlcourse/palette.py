"""The book's colours, each written once.

Mid tones that keep a contrast of at least 3 : 1 against both the light and the dark page, told apart by
readers with any of the common colour deficiencies, and the same for a method wherever it appears.
"""

METHODS = {
    "gradient_descent": "#d55e00",
    "momentum": "#2f7fc1",
    "accumulated_momentum": "#6e58cc",
    "heavy_ball": "#0f9d74",
    "nesterov": "#cf5a9b",
    "adagrad": "#3c7544",
    "rmsprop": "#d20440",
    "rmsprop_epsilon_inside": "#f85a79",
    "rmsprop_momentum": "#bc1f9c",
    "adadelta": "#d17b45",
    "adam": "#852efe",
    "proximal_gradient": "#9266ff",
}

# Methods that use curvature stand beside gradient descent, not beside the other first-order rules.
SECOND_ORDER = {
    "newton": METHODS["momentum"],
    "damped_newton": METHODS["accumulated_momentum"],
    "saddle_free_newton": METHODS["heavy_ball"],
}
PATHS = METHODS | SECOND_ORDER

# The same method with gradients from one, a few or all examples: all of them is plain gradient descent.
BATCHES = {"one": "#7b8794", "few": "#8a6fd1", "all": METHODS["gradient_descent"]}

# Classes 0, 1, … of a data set, and the shape of their points: colour alone would leave some readers out.
CLASSES = [METHODS[name] for name in ("momentum", "gradient_descent", "heavy_ball", "nesterov", "accumulated_momentum")]
MARKERS = ["o", "s", "^", "D", "v"]

# Curves that are no method of descent, and the data beneath them.
SERIES = CLASSES
DATA = BATCHES["one"]
