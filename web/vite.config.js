// One page, served by the gateway under /explorer/ (and for a browser's GET /graphql), with nothing from elsewhere.

import { defineConfig } from 'vite';

/** GraphiQL's style carries its fonts as 270 KB of base64: the system's own do as well, see src/page.css. */
const systemFonts = {
  name: 'system-fonts',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('graphiql/dist/style.css') ? code.replace(/@font-face\s*{[^}]*}/g, '') : undefined),
};

export default defineConfig({
  base: '/explorer/',
  plugins: [systemFonts],
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
