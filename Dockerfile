# One image for every role: a client's container, the hub, the exchange-rate service.
#   docker build -t mai-usage .
#   docker run -p 8080:8080 -p 8000:8000 -v mai-data:/app/data --env-file ... mai-usage serve
# An --env-file is read without quotes: use docker compose (deploy/), or mount .env at /app/.env.
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

COPY requirements.txt ./
RUN pip install -r requirements.txt

COPY api.py app.py generate_client_env.py Procfile README.md pyproject.toml ./
COPY mai_core ./mai_core
COPY routers ./routers
COPY pages ./pages
COPY static ./static
COPY .streamlit ./.streamlit
COPY jobs ./jobs
COPY nbp_service ./nbp_service
COPY integrations ./integrations
COPY deploy ./deploy
RUN python -m compileall -q mai_core routers pages jobs nbp_service api.py app.py

RUN useradd --uid 10001 --create-home mai && mkdir -p /app/data && chown mai:mai /app/data
USER mai
VOLUME /app/data

ENV MAI_HOST=0.0.0.0 API_PORT=8000 APP_PORT=8080 USAGE_SUMMARY_DB=/app/data/usage_summary.db
EXPOSE 8000 8080

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD python -c "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['API_PORT'] + '/health', timeout=4)"

ENTRYPOINT ["python", "-m", "mai_core"]
CMD ["serve"]
