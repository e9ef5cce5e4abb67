# The image of web, worker, beat and collector. Third-party files come from the registries at build time, by the same
# pinned lists as bin/setup. Nobody has built it yet where this was written: there was no container engine.
FROM node:22-slim AS front
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --home-dir /data regulars
WORKDIR /app
COPY requirements-uv.txt requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
    && uv pip install --system --no-cache --require-hashes -r requirements.txt
COPY . .
COPY --from=front /app/node_modules node_modules
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 REGULARS_VAR=/data STATIC_ROOT=/app/static_collected
RUN python -m config.assets && python manage.py messages --compile && python manage.py collectstatic --noinput \
    && rm -rf node_modules /data/secret_key && chown -R regulars /data
USER regulars
VOLUME /data
EXPOSE 8000
# The web server; docker-compose.yml gives the other processes' commands. In public a buffering proxy stands in front.
CMD ["sh", "-c", "exec python -m granian --interface wsgi config.wsgi:application --host 0.0.0.0 --port 8000 --workers ${WEB_CONCURRENCY:-2} --blocking-threads 16 --respawn-failed-workers --workers-kill-timeout 10 --log-level warning"]
