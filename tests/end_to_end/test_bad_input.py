"""Bad input: every mistake gets a 4xx with a sentence in Elasticsearch's shape; nothing is lost, no worker dies."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
from collections.abc import Iterator

import httpx
import pytest
from elasticsearch import Elasticsearch

from .conftest import WORDS_ONLY
from .service import Service

JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
LIMIT = 1 << 20  # the service's max_body, see conftest


@pytest.fixture(scope="module")
def http(service: Service, client: Elasticsearch) -> Iterator[httpx.Client]:
    mappings = {"properties": {"t": {"type": "text"}, "n": {"type": "long"}, "v": {"type": "dense_vector", "dims": 3}}}
    client.indices.create(index="kept", settings=WORDS_ONLY, mappings=mappings)
    client.bulk(
        index="kept", operations=[x for n in range(20) for x in ({"index": {"_id": str(n)}}, {"n": n})], refresh=True
    )
    with httpx.Client(base_url=service.url, timeout=60) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_lost(service: Service, http: httpx.Client) -> Iterator[None]:
    """After each mistake: the same workers, the same documents, and searches that work."""
    workers = service.workers()
    yield
    assert service.workers() == workers
    assert http.get("/kept/_count").json()["count"] == 20
    assert http.get("/readyz").status_code == 200
    assert '"unexpected error"' not in service.log()


def refused(response: httpx.Response, status: int, kind: str) -> str:
    """The reason of an error, checked for its shape."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "status"}
    assert body["status"] == status
    error = body["error"]
    assert error["type"] == kind, error
    assert error["root_cause"][0] == {k: v for k, v in error.items() if k != "root_cause"}
    assert len(error["reason"]) > 8
    assert "Traceback" not in response.text
    assert response.headers["X-Elastic-Product"] == "Elasticsearch"
    return str(error["reason"])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"query": {"match_all": {}}', "[1:28]"),
        (b'{"query": {"match": {"t": "\xff"}}}', "UTF-8"),
        (b'{"query": {"match": {"t": "\xed\xa0\x80"}}}', "UTF-8"),
        (b'{"query":' * 5000 + b"{}" + b"}" * 5000, "nested too deeply"),
        (b"[" * 5000, "nested too deeply"),
        (b"not json", "JSON"),
        (b'{"size": NaN}', "JSON"),
    ],
)
def test_what_is_not_json(http: httpx.Client, body: bytes, says: str) -> None:
    assert says in refused(http.post("/kept/_search", content=body, headers=JSON), 400, "x_content_parse_exception")


@pytest.mark.parametrize(
    "body",
    [
        {"quarry": {}},
        {"query": {"match": {"t": {"query": "x", "fuzzyness": 1}}}},
        {"query": {"nonsense": {}}},
        {"query": {"match_all": {}, "match_none": {}}},
        {"query": "text"},
        {"query": {"bool": {"musty": []}}},
        {"query": {"terms": {"n": 3}}},
        {"query": {"range": {"n": {"above": 3}}}},
        {"size": "ten"},
        {"size": -1},
        {"from": 9_999, "size": 10},
        {"sort": {"n": "upwards"}},
        {"highlight": 3},
        {"aggs": {"a": {"terms": {"feeld": "n"}}}},
        {"knn": {"field": "v", "query_vector": [1, 2], "k": 3}},
        {"retriever": {"nonsense": {}}},
        ["query"],
        3,
        "query",
    ],
)  # fmt: skip
def test_wrong_types_and_unknown_keys(http: httpx.Client, body: object) -> None:
    answer = http.post("/kept/_search", json=body)
    assert answer.status_code == 400, answer.text
    refused(answer, 400, answer.json()["error"]["type"])


def test_deep_queries_that_are_json(http: httpx.Client) -> None:
    query: dict[str, object] = {"match_all": {}}
    for _ in range(120):
        query = {"bool": {"must": [query]}}
    answer = http.post("/kept/_search", json={"query": query})
    refused(answer, 400, answer.json()["error"]["type"])


@pytest.mark.parametrize("parameters", ["sise=3", "size=ten", "explain=yes", "mode=magic&q=x", "timeout=10"])
def test_wrong_parameters(http: httpx.Client, parameters: str) -> None:
    answer = http.get(f"/kept/_search?{parameters}")
    refused(answer, 400, answer.json()["error"]["type"])


def test_unknown_indices(http: httpx.Client) -> None:
    for method, path in (
        ("GET", "/nowhere"), ("GET", "/nowhere/_search"), ("GET", "/nowhere/_doc/1"), ("DELETE", "/nowhere"),
        ("GET", "/kept,nowhere/_count"), ("POST", "/nowhere/_refresh"), ("GET", "/nowhere/_mapping"),
        ("DELETE", "/nowhere/_doc/1"), ("GET", "/_cat/indices/nowhere"),
    ):  # fmt: skip
        assert "nowhere" in refused(http.request(method, path), 404, "index_not_found_exception")
    answer = http.post("/nowhere/_ask", json={"question": "where?"})
    refused(answer, 404, "index_not_found_exception")


@pytest.mark.parametrize("name", ["UPPER", "_under", "-dash", "+plus", "sp ace", "a*b", "x" * 256, "com,ma", "ha%23sh"])
def test_bad_index_names(http: httpx.Client, name: str) -> None:
    refused(http.put(f"/{name}"), 400, "invalid_index_name_exception")


def test_paths_and_methods_that_are_not_there(http: httpx.Client) -> None:
    reason = refused(http.get("/kept/_rollover"), 400, "illegal_argument_exception")
    assert "_rollover" in reason
    refused(http.get("/a/b/c/d"), 400, "illegal_argument_exception")
    answer = http.get("/_bulk")
    refused(answer, 405, "method_not_allowed_exception")
    assert answer.headers["Allow"] == "POST, PUT"
    assert "wildcard" in refused(http.delete("/ke*"), 400, "illegal_argument_exception").lower()


def test_content_types(http: httpx.Client) -> None:
    for headers in ({"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "text/plain"}):
        refused(http.post("/kept/_search", content=b"{}", headers=headers), 406, "media_type_header_exception")
    refused(http.get("/kept", headers={"Accept": "application/cbor"}), 406, "media_type_header_exception")
    vendor = "application/vnd.elasticsearch+json; compatible-with=7"
    refused(http.get("/kept", headers={"Accept": vendor}), 406, "media_type_header_exception")
    refused(http.request("DELETE", "/kept/_doc/none", content=b"{}", headers=JSON), 400, "illegal_argument_exception")


def test_bodies_over_the_limit(http: httpx.Client) -> None:
    large = json.dumps({"query": {"match": {"t": "x" * LIMIT}}}).encode()
    assert str(LIMIT) in refused(
        http.post("/kept/_search", content=large, headers=JSON), 413, "content_too_long_exception"
    )

    def chunks() -> Iterator[bytes]:
        yield from (large[start : start + 65536] for start in range(0, len(large), 65536))

    refused(http.post("/kept/_search", content=chunks(), headers=JSON), 413, "content_too_long_exception")
    bomb = gzip.compress(b'{"query": {"match": {"t": "' + b"x" * (64 << 20) + b'"}}}')
    assert len(bomb) < LIMIT
    headers = {**JSON, "Content-Encoding": "gzip"}
    refused(http.post("/kept/_search", content=bomb, headers=headers), 413, "content_too_long_exception")


def test_damaged_compression(http: httpx.Client) -> None:
    headers = {**NDJSON, "Content-Encoding": "gzip"}
    lines = b"".join(b'{"index": {"_id": "g%d"}}\n{"t": "x%d"}\n' % (n, n) for n in range(100))
    whole = gzip.compress(lines)
    assert "truncated" in refused(
        http.post("/kept/_bulk", content=whole[:-20], headers=headers), 400, "x_content_parse_exception"
    )
    refused(http.post("/kept/_bulk", content=b"plain", headers=headers), 400, "x_content_parse_exception")
    refused(
        http.post("/kept/_bulk", content=b"x", headers={**NDJSON, "Content-Encoding": "br"}),
        400,
        "x_content_parse_exception",
    )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"index": {"_id": "b1"}}\n{"t": "x"}\n{"nonsense": {}}\n{"t": "y"}\n', "illegal_argument_exception"),
        (b'{"index": {"_id": "b1"}}\n{"t": "x"}\n{"index": {"_id": \n{"t": "y"}\n', "x_content_parse_exception"),
        (b'{"index": {"_id": "b1"}}\n{"t": "x"}', "illegal_argument_exception"),
        (b'{"index": {"_id": "b1"}}\n', "illegal_argument_exception"),
        (b'{"index": {"_id": "b1", "pipeline": "p"}}\n{}\n', "illegal_argument_exception"),
        (b"", "illegal_argument_exception"),
        (b"\n", "illegal_argument_exception"),
    ],
)
def test_bulk_bodies_that_cannot_be_read_write_nothing(http: httpx.Client, body: bytes, kind: str) -> None:
    refused(http.post("/kept/_bulk?refresh=true", content=body, headers=NDJSON), 400, kind)


def test_bad_bulk_documents_fail_alone(http: httpx.Client) -> None:
    long = b'{"t": "' + b"x" * (17 << 20) + b'"}'  # over max_document
    body = b'{"index": {"_id": "a"}}\n{"t": \n{"index": {"_id": "b"}}\n{"t": "\xff"}\n'
    body += b'{"index": {"_id": "c"}}\n[1]\n{"index": {"_id": "d"}}\n{"n": "many"}\n'
    body += b'{"index": {"_id": "e"}}\n' + long + b"\n"
    body += b'{"index": {"_id": "0"}}\n{"n": 0}\n'
    answer = http.post("/kept/_bulk", content=body, headers=NDJSON)
    assert answer.status_code == 200
    items = [item["index"] for item in answer.json()["items"]]
    assert [item["status"] for item in items] == [400, 400, 400, 400, 413, 200]
    assert all(len(item["error"]["reason"]) > 8 for item in items[:5])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/kept/_doc/0", b'["not an object"]'),
        ("PUT", "/kept/_doc/0", b'{"n": {"an": "object"}}'),
        ("PUT", "/kept/_doc/0", b'{"n": "many"}'),
        ("PUT", "/kept/_doc/0", b'{"v": [1, 2]}'),
        ("PUT", "/kept/_doc/0", b""),
        ("PUT", "/kept/_doc/" + "x" * 600, b"{}"),
        ("PUT", "/kept/_doc/0?if_seq_no=3", b"{}"),
        ("PUT", "/kept/_doc/0?refresh=maybe", b"{}"),
        ("POST", "/kept/_update/0", b"{}"),
        ("POST", "/kept/_update/0", b'{"doc": [1]}'),
        ("POST", "/kept/_update/0", b'{"doc": {}, "lang": "painless"}'),
        ("POST", "/kept/_mget", b"{}"),
        ("POST", "/kept/_mget", b'{"ids": [1.5]}'),
        ("PUT", "/wrong", b'{"mappings": {"properties": {"x": {"type": "nonsense"}}}}'),
        ("PUT", "/wrong", b'{"mappings": {"properties": {"x": {"type": "text", "analyzer": "nosuch"}}}}'),
        ("PUT", "/wrong", b'{"settings": {"nonsense": 1}}'),
        ("PUT", "/wrong", b'{"setting": {}}'),
        ("PUT", "/wrong", b'{"mappings": 3}'),
        ("PUT", "/kept/_mapping", b'{"properties": {"n": {"type": "text"}}}'),
        ("PUT", "/kept/_settings", b'{"analysis": {"analyzer": {"a": {"type": "standard"}}}}'),
        ("POST", "/_analyze", b'{"text": "x", "analyzer": "nosuch"}'),
        ("POST", "/_analyze", b'{"text": 3}'),
        ("POST", "/_analyze", b'{"text": "x", "field": "t"}'),
        ("POST", "/kept/_count", b'{"query": {"match_all": {}}, "size": 3}'),
        ("POST", "/kept/_ask", b"{}"),
        ("POST", "/kept/_ask", b'{"question": ""}'),
        ("POST", "/kept/_ask", b'{"question": "x", "sizes": 3}'),
        ("POST", "/kept/_ask", b'{"question": "x", "size": "3"}'),
        ("POST", "/kept/_ask", b'{"question": "x", "answerer": "oracle"}'),
    ],
)
def test_wrong_requests_everywhere(http: httpx.Client, method: str, path: str, body: bytes) -> None:
    answer = http.request(method, path, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    refused(answer, 400, answer.json()["error"]["type"])


def raw(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=30)


def leave(connection: socket.socket) -> None:
    """Reset the connection instead of closing it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def begun(line: str, length: str) -> bytes:
    """The head of a request that announces a body."""
    return f"{line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n".encode()


BULK = b'{"index": {"_id": "left"}}\n{"n": 99}\n'


@pytest.mark.parametrize("abruptly", [True, False])
@pytest.mark.parametrize(
    "head",
    [
        begun("POST /kept/_bulk", "Content-Length: 100000") + BULK,
        begun("POST /kept/_bulk", "Transfer-Encoding: chunked") + b"%x\r\n" % len(BULK) + BULK + b"\r\n",
        begun("POST /kept/_search", "Content-Length: 100") + b"{",
        begun("PUT /kept/_doc/left", "Content-Length: 50") + b'{"n": 1}',
        b"POST /kept/_bu",
    ],
)  # fmt: skip
def test_a_client_that_leaves_in_the_middle_of_its_body(
    service: Service, http: httpx.Client, head: bytes, abruptly: bool
) -> None:
    connection = raw(service)
    connection.sendall(head)
    time.sleep(0.05)
    if abruptly:
        leave(connection)
    else:
        connection.close()
    time.sleep(0.1)
    http.post("/kept/_refresh")


def test_a_client_that_half_closes_is_told(service: Service) -> None:
    with raw(service) as connection:
        connection.sendall(begun("POST /kept/_search", "Content-Length: 100") + b"{")
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while b"}" not in answer and (more := connection.recv(65536)):  # headers and body may come apart
            answer += more
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"incomplete_body_exception" in answer


def test_clients_that_leave_in_the_middle_of_their_answer(service: Service, http: httpx.Client) -> None:
    document = {"t": "长文 " * 50_000}
    http.put("/large", json={"settings": WORDS_ONLY})
    for n in range(10):
        http.put(f"/large/_doc/{n}", json=document)
    http.post("/large/_refresh")
    for _ in range(6):
        connection = raw(service)
        connection.sendall(b"GET /large/_search HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(100)
        leave(connection)
    assert http.get("/large/_count").json()["count"] == 10
    http.delete("/large")


def received(connection: socket.socket) -> bytes:
    """All that the service sends until it closes."""
    answer = b""
    while more := connection.recv(65536):
        answer += more
    return answer


def test_garbage_instead_of_http(service: Service) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00", b"HELLO\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 100):
        with raw(service) as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            answer = received(connection)
            if b"HTTP" in garbage or b"HELLO" in garbage:
                assert answer.startswith(b"HTTP/1.1 400")
                assert b'"type":"bad_request_exception"' in answer


def test_a_question_typed_into_curl_as_it_is(service: Service, http: httpx.Client) -> None:
    """curl sends the bytes that were typed, not percent-encoded."""
    http.put("/typed/_doc/1?refresh=true", json={"t": "倒排索引"})
    with raw(service) as connection:
        connection.sendall("GET /typed/_search?q=t:倒排 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'"value":1' in answer
    http.delete("/typed")


def test_slow_clients_do_not_stop_the_others(service: Service, http: httpx.Client) -> None:
    head = begun("POST /kept/_search", "Content-Length: 100")
    slow = [raw(service) for _ in range(20)]  # more than the service has threads, waiting before their request
    try:
        for connection in slow[:3]:
            connection.sendall(head)
        assert http.get("/kept/_count").json()["count"] == 20
    finally:
        for connection in slow:
            connection.close()


def test_an_unforeseen_error_keeps_its_trace_to_itself() -> None:
    """The mapping of exceptions nobody foresaw; a real one would be a bug to fix."""
    from structlog.testing import capture_logs

    from api.errors import as_quarry_error, error_body

    with capture_logs() as logs:
        body = error_body(as_quarry_error(ZeroDivisionError("secret detail")))
    assert body["status"] == 500
    assert "secret" not in json.dumps(body)
    assert logs[0]["incident"] == body["error"]["incident"]
