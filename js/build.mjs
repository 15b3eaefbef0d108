// Builds the three committed files of ../dlcourse/live/static from src/ (`npm ci && npm run build`).
//
// The first line of each is `/* sources sha256: <hex> */`, so that a test can tell without Node whether they are
// stale. <hex> is the SHA-256 over all files below src/ and build.mjs, package.json, package-lock.json: sorted by
// their path (relative to js/, with forward slashes), each as path + NUL + content + NUL.
//
// `node build.mjs DIRECTORY` writes to another directory.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "dlcourse", "live", "static");

function sourcesHash() {
  const sources = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(here.length + 1).replaceAll("\\", "/"));
  const hash = createHash("sha256");
  for (const path of [...sources, "build.mjs", "package.json", "package-lock.json"].sort()) {
    hash.update(path + "\0").update(readFileSync(join(here, path))).update("\0");
  }
  return hash.digest("hex");
}

// The licences of the bundled packages ask that their text goes where the code goes.
function licences(metafile) {
  const packages = new Set(Object.keys(metafile.inputs).map((path) => path.match(/node_modules\/([^/]+)\//)?.[1]));
  packages.delete(undefined);
  const holders = new Map(); // licence text → the packages under it
  for (const name of [...packages].sort()) {
    const [, copyright, text] = readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8")
      .trim().match(/^(Copyright.*)\n+([^]*)$/);
    holders.set(text, [...(holders.get(text) ?? []), `${name}: ${copyright}`]);
  }
  return [...holders].map(([text, names]) => `/*!\n${names.join("\n")}\n\n${text}\n*/`).join("\n");
}

// WebAssembly goes into the bundle as its bytes, so that a page opened as a file has it too.
const assemblyScript = {
  name: "assemblyscript",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace(/\.wasm$/, ".ts")), namespace: "wasm",
    }));
    onLoad({ filter: /.*/, namespace: "wasm" }, async ({ path }) => {
      let contents;
      const { error, stderr } = await asc.main(
        [relative(here, path), "--outFile", "out.wasm", "--enable", "simd", "--runtime", "stub", "--importMemory", "--noAssert", "-O3"],
        {
          readFile: (name) => (existsSync(join(here, name)) ? readFileSync(join(here, name), "utf8") : null),
          writeFile: (name, bytes) => { contents = bytes; },
          listFiles: () => [],
        },
      );
      if (error) throw new Error(`${error.message}\n${stderr}`);
      return { contents, loader: "binary" };
    });
  },
};

const banner = `/* sources sha256: ${sourcesHash()} */`;
const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["es2022"],
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  plugins: [assemblyScript],
};

async function bundle(entry, name, options) {
  const task = { ...common, ...options, entryPoints: [join("src", entry)], outfile: join(target, name) };
  const { metafile } = await build({ ...task, write: false });
  const text = `${banner}\n${licences(metafile)}`.trim();
  await build({ ...task, banner: { js: text, css: text } });
}

await bundle("index.js", "explorables.js", { format: "iife" });
await bundle("widget.js", "explorables.mjs", { format: "esm" });
await bundle("style.css", "explorables.css", {});
