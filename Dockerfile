FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY colorizer colorizer
ARG EXTRAS=""
RUN python -m venv /opt/colorizer && /opt/colorizer/bin/pip install --no-cache-dir ".${EXTRAS}"

FROM python:3.12-slim
COPY --from=build /opt/colorizer /opt/colorizer
RUN useradd --create-home colorizer && mkdir /photos && chmod 1777 /photos
ENV PATH=/opt/colorizer/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER colorizer
WORKDIR /photos
ENTRYPOINT ["colorize"]
