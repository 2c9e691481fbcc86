"""Whoever is not at this machine, or has not the link, gets nothing and changes nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from grader.keep.publish import opened
from tests.review.conftest import Served

PAGE = "/submission?student=1005&exercise=he_init&of=all"


@pytest.fixture(scope="module")
def cookie(served: Served) -> str:
    return served.cookie("ada")


@pytest.fixture(scope="module")
def form(served: Served, cookie: str) -> dict[str, str]:
    """The fields of the form on one check, as the page has them."""
    html = served.ask("GET", PAGE, Cookie=cookie).text
    (found,) = re.findall(r'<form[^>]*id="form-4">(.*?)</form>', html, re.DOTALL)
    fields = dict(re.findall(r'<input type="hidden" name="([\w]+)" value="([^"]*)">', found))
    assert {"form", "student", "exercise", "check", "sha256", "was"} <= fields.keys()
    return {**fields, "points": "1", "do": "save"}


def events(served: Served) -> int:
    with opened(served.out) as book:
        return len(book.desk.events())


@pytest.fixture
def unchanged(served: Served) -> Iterator[None]:
    """Whatever is asked, nothing is recorded."""
    before = events(served)
    yield
    assert events(served) == before


@pytest.mark.usefixtures("unchanged")
class TestRefused:
    """Each of these requests changes something where one header is another: see `TestTaken`."""

    @pytest.mark.parametrize("path", ["/", PAGE, "/report?student=1005&exercise=he_init", "/bank", "/history",
                                      "/news?after=0", "/static/page.css", "/nothing"])
    def test_without_the_link_there_is_nothing(self, served: Served, path: str) -> None:
        for cookie in "", f"grader-review-{served.port}=x", "grader-review-1=\"":
            answer = served.ask("GET", path, Cookie=cookie)
            assert (answer.status, answer.text) == (403, "Open the link that `grader review` printed.")

    def test_a_link_is_good_for_one_browser(self, served: Served) -> None:
        path = served.link("bo").removeprefix(served.base)
        first, second = served.ask("GET", path), served.ask("GET", path)
        served.used("bo")
        assert (first.status, second.status) == (200, 403)
        assert "Set-Cookie" not in second.headers

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80", "",
                                      "127.0.0.1.evil.example", "localhost"])
    def test_a_name_that_leads_here_is_not_ours(self, served: Served, cookie: str, form: dict[str, str],
                                                host: str) -> None:
        for method, path, body in ("GET", "/", None), ("POST", "/mark", form):
            answer = served.ask(method, path, body, Host=host, Cookie=cookie, Origin=f"http://{host}")
            assert answer.status == 403
        token = served.links["ada"].removeprefix(served.base)
        assert served.ask("GET", token, Host=host).status == 403
        assert "ada" in served.links, "and the token is not used up"

    @pytest.mark.parametrize("headers", [
        {}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
        {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-origin"}], ids=str)
    def test_a_form_of_another_site_is_refused(self, served: Served, cookie: str, form: dict[str, str],
                                               headers: dict[str, str]) -> None:
        assert served.ask("POST", "/mark", form, Cookie=cookie, **headers).status == 403

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_another_site_or_port_reads_nothing(self, served: Served, cookie: str, site: str) -> None:
        assert served.ask("GET", PAGE, Cookie=cookie, Sec_Fetch_Site=site).status == 403

    @pytest.mark.parametrize("token", ["", "x", "ä"])
    def test_a_form_that_no_page_of_ours_made_is_refused(self, served: Served, cookie: str,
                                                         form: dict[str, str], token: str) -> None:
        answer = served.ask("POST", "/mark", {**form, "form": token}, Cookie=cookie, Origin=served.base)
        assert answer.status == 403

    def test_the_token_of_another_browser_is_none(self, served: Served, form: dict[str, str]) -> None:
        other = served.cookie("bo")
        assert served.ask("POST", "/mark", form, Cookie=other, Origin=served.base).status == 403

    @pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain"])
    def test_another_kind_of_body_is_refused(self, served: Served, cookie: str, form: dict[str, str],
                                             kind: str) -> None:
        answer = served.ask("POST", "/mark", form, Cookie=cookie, Origin=served.base, Content_Type=kind)
        assert answer.status == 415

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"])
    def test_other_methods_are_none(self, served: Served, cookie: str, method: str) -> None:
        assert served.ask(method, "/", Cookie=cookie).status == 403

    def test_what_is_too_long_is_not_read(self, served: Served, cookie: str, form: dict[str, str]) -> None:
        answer = served.ask("POST", "/mark", {**form, "comment": "x" * 300_000}, Cookie=cookie,
                            Origin=served.base)
        assert answer.status == 413

    @pytest.mark.parametrize("path", ["/static/../../pyproject.toml", "/static/%2e%2e/%2e%2e/pyproject.toml",
                                      "/static//etc/passwd", "/static/review/../../constraints.txt",
                                      "/report?student=../&exercise=../gradebook",
                                      "/executed?student=..&exercise=../../etc/passwd",
                                      "/executed?student=1005/..&exercise=he_init"])
    def test_no_path_leads_out(self, served: Served, cookie: str, path: str) -> None:
        assert served.ask("GET", path, Cookie=cookie).status == 404


class TestTaken:
    """What differs from the refused requests in one thing is taken."""

    def test_a_page_of_ours_may_ask(self, served: Served, cookie: str) -> None:
        for host in "127.0.0.1", "localhost":
            answer = served.ask("GET", "/", Host=f"{host}:{served.port}", Cookie=cookie)
            assert answer.status == 200

    def test_a_link_in_a_message_leads_in(self, served: Served) -> None:
        answer = served.ask("GET", served.link("bo").removeprefix(served.base), Sec_Fetch_Site="cross-site")
        served.used("bo")
        assert answer.status == 200
        said = answer.headers["Set-Cookie"]
        assert re.fullmatch(rf"grader-review-{served.port}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=strict",
                            said)

    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {}],
                             ids=["browser", "old browser"])
    def test_a_form_of_ours_is_recorded(self, served: Served, cookie: str,
                                        headers: dict[str, str]) -> None:
        before = events(served)
        html = served.ask("GET", "/bank", Cookie=cookie).text
        token = re.findall(r'name="form" value="([^"]+)"', html)[0]
        answer = served.ask("POST", "/bank", {"form": token, "text": f"Good {len(headers)}."}, Cookie=cookie,
                            Origin=served.base, **headers)
        assert (answer.status, answer.headers["Location"]) == (303, "/bank")
        assert events(served) == before + 1


def test_every_answer_says_what_a_browser_may_do(served: Served, cookie: str) -> None:
    for path in "/", PAGE, "/bank", "/nothing", "/static/review/review.js":
        headers = served.ask("GET", path, Cookie=cookie).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_a_report_is_framed_by_the_page_alone_and_runs_nothing(served: Served, cookie: str) -> None:
    answer = served.ask("GET", "/report?student=1005&exercise=he_init", Cookie=cookie)
    policies = answer.headers.get_all("Content-Security-Policy") or []
    assert len(policies) == 1
    assert "frame-ancestors 'self'" in policies[0]
    assert policies[0].startswith("sandbox")
    assert "allow-scripts" not in policies[0]
    assert "allow-same-origin" not in policies[0]


def test_nothing_in_a_page_of_ours_is_inline(served: Served, cookie: str) -> None:
    for path in "/", PAGE, "/bank", "/history", "/answers?exercise=he_init&question=why-two":
        html = served.ask("GET", path, Cookie=cookie).text
        assert not re.search(r"<style|\sstyle=|<script(?! src=)", html)
        for tag in re.findall(r"<[a-z][^>]*>", html):
            names = re.findall(r"\s([a-z-]+)=", re.sub(r'"[^"]*"', '""', tag))
            assert not [name for name in names if name.startswith(("on", "hx-on"))], tag


def test_only_this_machine_can_reach_it(served: Served) -> None:
    """It listens on 127.0.0.1 and nowhere else."""
    with socket.socket() as other:
        other.settimeout(5)
        assert other.connect_ex(("127.0.0.2", served.port)) != 0
