// Remix behind Express: the built pages in production, Vite in middleware mode in development.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { createRequestHandler } from "@remix-run/express";
import type { ServerBuild } from "@remix-run/node";
import express, { type Request, type RequestHandler, type Response, Router } from "express";

import { env } from "#server/env.ts";
import type { LoadContext } from "#server/load-context.ts";
import { projectRoot } from "#server/root.ts";

interface RemixRoutes {
  assets: RequestHandler;
  pages: RequestHandler;
}

/** The two halves of the interface: its files, and its pages with `contextOf(req)` as their load context. */
export async function remixRoutes(contextOf: (req: Request, res: Response) => LoadContext): Promise<RemixRoutes> {
  if (env.NODE_ENV === "development") return developmentRoutes(contextOf);
  const client = join(projectRoot, "build/client");
  const build: ServerBuild = await import(pathToFileURL(join(projectRoot, "build/server/index.js")).href);
  const assets = Router();
  assets.use("/assets", express.static(join(client, "assets"), { immutable: true, maxAge: "1y", fallthrough: false, index: false }));
  assets.use(express.static(client, { maxAge: "1h", index: false }));
  return { assets, pages: createRequestHandler({ build, mode: "production", getLoadContext: contextOf }) };
}

async function developmentRoutes(contextOf: (req: Request, res: Response) => LoadContext): Promise<RemixRoutes> {
  const { createServer } = await import("vite");
  const vite = await createServer({ root: projectRoot, server: { middlewareMode: true } });
  const load = async (): Promise<ServerBuild> => {
    const build = await vite.ssrLoadModule("virtual:remix/server-build");
    if (!isBuild(build)) throw new Error("Vite did not return a Remix build.");
    return build;
  };
  return { assets: vite.middlewares, pages: createRequestHandler({ build: load, mode: "development", getLoadContext: contextOf }) };
}

function isBuild(value: unknown): value is ServerBuild {
  return typeof value === "object" && value !== null && "routes" in value && "entry" in value;
}
