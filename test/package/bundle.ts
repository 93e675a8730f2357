/** Bundles a snippet against the installed package, as an application's build would. */

import { gzipSync } from 'node:zlib';
import { build, type Metafile, type Plugin } from 'esbuild';

/** A minified bundle and what it is made of. */
export interface Bundle {
  readonly text: string;
  /** Bytes after gzip at its strongest. */
  readonly gzipBytes: number;
  /** Modules that the bundle leaves to the runtime. */
  readonly external: readonly string[];
  /** Files that are in it. */
  readonly inputs: readonly string[];
}

/** The generated price data is left out: it is data, counted apart. */
const withoutPriceData: Plugin = {
  name: 'without-price-data',
  setup(builder) {
    builder.onResolve({ filter: /\/data\/[^/]+$/ }, ({ path, importer }) =>
      /[\\/]pricing[\\/]/.test(importer)
        ? { path: `price-data:${path}`, external: true }
        : undefined,
    );
  },
};

/** Bundles `code` in `folder`; any import that is neither ours nor of Node fails. */
export async function bundle(code: string, folder: string): Promise<Bundle> {
  const result = await build({
    stdin: { contents: code, resolveDir: folder, loader: 'js' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external: ['node:*'],
    legalComments: 'none',
    metafile: true,
    write: false,
    plugins: [withoutPriceData],
    logLevel: 'silent',
  });
  const text = result.outputFiles[0]?.text ?? '';
  return {
    text,
    gzipBytes: gzipSync(text, { level: 9 }).length,
    external: externalsOf(result.metafile),
    inputs: Object.keys(result.metafile.inputs),
  };
}

function externalsOf({ outputs }: Metafile): string[] {
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  return [...new Set(imports.filter(({ external }) => external).map(({ path }) => path))];
}
