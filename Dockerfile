# Two stages: everything that is needed to build, then only what is needed to run, as a user without rights.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
COPY prisma.config.ts remix.config.js tsconfig.json vite.config.ts ./
COPY scripts scripts
COPY prisma prisma
COPY server server
COPY app app
COPY public public
# The same set-up step as `npm start`, and then no development packages any more.
RUN node --input-type=module -e 'await (await import("/app/scripts/setup.mjs")).setUp({ built: true })' \
 && npm prune --no-save --omit=dev --ignore-scripts --no-audit --no-fund \
 && mkdir data

FROM node:20-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/prisma/migrations prisma/migrations
COPY --from=build /app/build build
COPY --from=build --chown=node:node /app/data data
USER node
# The embedded database and, unless SECRET_KEYS is set, the secret keys.
VOLUME /app/data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=100", "--enable-source-maps", "build/main.js"]
