# docker build -t everypage .
# docs/github-action.md says how to run it.

FROM node:24-slim AS build
USER node
WORKDIR /home/node/everypage
COPY --chown=node package.json package-lock.json .npmrc ./
# No package that is needed here has a script to run.
RUN npm ci --ignore-scripts
COPY --chown=node . .
RUN npm run build && npm pack --ignore-scripts \
  && npm install --prefix /home/node/installed --ignore-scripts --no-audit --no-fund ./everypage-*.tgz \
    bullmq@6 ioredis@6 @aws-sdk/credential-providers@3

FROM node:24-slim
COPY --from=build --chown=root:root /home/node/installed /opt/everypage
RUN mkdir /data && chown node /data
# What is not written to /data goes to /tmp (`demo`, `--prove`). Compiled code would be kept for nobody.
ENV NODE_ENV=production NODE_DISABLE_COMPILE_CACHE=1 XDG_STATE_HOME=/data/.everypage-state
USER node
WORKDIR /data
ENTRYPOINT ["node", "/opt/everypage/node_modules/everypage/bin/everypage.cjs"]
CMD ["--help"]
