// The explorer: GraphiQL over this gateway's own endpoint, with the sample queries waiting as tabs.

import { createElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './page.css';
import { run } from './endpoint.js';
import { samples } from './samples.js';

// What people type may be personal: it stays in this tab and goes with it, instead of in the browser for good.
const storage = window.sessionStorage;

const defaultTabs = await samples();

createRoot(document.getElementById('explorer')).render(
  createElement(
    StrictMode,
    null,
    createElement(
      GraphiQL,
      { fetcher: run, storage, defaultTabs, shouldPersistHeaders: false, defaultEditorToolsVisibility: 'variables' },
      createElement(GraphiQL.Logo, null, 'Raccordo'),
    ),
  ),
);
