"""The Elasticsearch-shaped surface: paths, bodies, status codes and errors of its REST API, version 9."""

VERSION = "9.1.0"
"""The version of Elasticsearch's REST API that the surface keeps."""
