// GET /metrics. What stands there holds no secret, but tells how much goes on here: it is for whoever runs this, and for nobody else.
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

import type { Request, RequestHandler } from "express";
import ipaddr from "ipaddr.js";

import { metricsText } from "#server/metric.ts";
import { hashSecret } from "#server/seal.ts";

import { sendError } from "./send-error.ts";

interface MetricsSettings {
  METRICS_TOKEN?: string | undefined;
  PUBLIC_URL?: string | undefined;
  TRUST_PROXY: boolean;
}

/** What proxies put on the requests they pass on. */
const proxyHeaders = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|cf-.*|true-client-ip|fly-.*|x-envoy-.*)$/;
const loopbackHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";
}

/**
 * A program on this machine, that asked this port itself. By the socket's address, which nobody can make up; a page in a browser that was sent here
 * under another name has another Host.
 */
function isLocal(req: IncomingMessage): boolean {
  const names = Object.keys(req.headers);
  const isBrowser = names.some((name) => name === "origin" || name.startsWith("sec-fetch-"));
  return (
    isLoopback(req.socket.remoteAddress) &&
    loopbackHost.test(req.headers.host ?? "") &&
    !isBrowser &&
    !names.some((name) => proxyHeaders.test(name))
  );
}

/** Whether there is a proxy in front that may pass requests on without a sign of it: a public address, and no word that it can be trusted. */
function mayBeProxied({ PUBLIC_URL, TRUST_PROXY }: MetricsSettings): boolean {
  return PUBLIC_URL !== undefined && !TRUST_PROXY && !loopbackHost.test(new URL(PUBLIC_URL).host);
}

function mayRead(req: Request, settings: MetricsSettings): boolean {
  const { METRICS_TOKEN: token } = settings;
  if (token === undefined) return isLocal(req) && !mayBeProxied(settings);
  const given = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? "")?.[1];
  // Of hashes, which are of one length; and how long it takes says nothing about the token.
  return given !== undefined && timingSafeEqual(Buffer.from(hashSecret(given)), Buffer.from(hashSecret(token)));
}

/** The route; to everybody else there is nothing at this address. */
export function metricsRoute(settings: MetricsSettings): RequestHandler {
  return (req, res) => {
    if (!mayRead(req, settings)) return sendError(req, res, 404, "There is nothing here.");
    res.set({
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    res.end(metricsText());
  };
}
