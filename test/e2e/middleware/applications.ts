import type { Application, Parts } from './application.ts';
import { expressApplication } from './express-application.ts';
import { fastifyApplication } from './fastify-application.ts';
import { honoApplication } from './hono-application.ts';

/** One framework, and the application on it. */
export interface Framework {
  readonly name: string;
  readonly open: (parts: Parts) => Promise<Application>;
}

export const FRAMEWORKS: readonly Framework[] = [
  { name: 'express', open: expressApplication },
  { name: 'fastify', open: fastifyApplication },
  { name: 'hono', open: honoApplication },
];
