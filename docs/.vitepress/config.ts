// VitePress looks for it here, and wants a default export.
// oxlint-disable-next-line import/no-default-export
export { SITE as default } from '../../scripts/docs/site.ts';
