// One page, served by the gateway under /explorer/ (and for a browser's GET /graphql), with nothing from elsewhere.

import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vite';

/** GraphiQL's style carries its fonts as 270 KB of base64: the system's own do as well, see src/page.css. */
const systemFonts = {
  name: 'system-fonts',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('graphiql/dist/style.css') ? code.replace(/@font-face\s*{[^}]*}/g, '') : undefined),
};

/** The licences of what is bundled ask that their text goes with it: dist/licences.txt, served beside the page. */
const licences = {
  name: 'licences',
  generateBundle() {
    const folders = [...this.getModuleIds()].map((id) => /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]);
    const texts = [...new Set(folders)].filter(Boolean).sort().map(licenceOf);
    this.emitFile({ type: 'asset', fileName: 'licences.txt', source: texts.join('\n\n') });
  },
};

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : ''}`;
}

export default defineConfig({
  base: '/explorer/',
  plugins: [systemFonts, licences],
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      // The editor's parts import each other in circles: in one file their order is certain.
      output: { inlineDynamicImports: true },
      onwarn: (warning, warn) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && warn(warning),
    },
  },
});
