"""Keys in a file are looked up anew; a session's token is short and of one type; which requests leave a line."""

import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gridseal.access.api_keys import KeyFile, append_to_file, new_key
from gridseal.access.audit import LONGEST_PATH, line_of, worth_a_line
from gridseal.access.authenticate import Issuer, Login
from gridseal.access.key_sets import KeySet
from gridseal.access.principal import AccessDeniedError, Policy
from gridseal.access.sessions import AUDIENCE, ISSUER, RULE, TOKEN_S, TYPE, SessionKeys
from gridseal.wire.signing import key_id

from .issuing import Served

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


async def test_a_file_of_keys_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file, first, second = tmp_path / "keys.json", new_key("a", "viewer", "demo"), new_key("b", "viewer", "demo")
    append_to_file(file, first.record)
    book = KeyFile(file, look_every_s=0)
    assert await book.find(second.record.key_id) is None

    append_to_file(file, second.record)
    assert await book.find(second.record.key_id) == second.record
    file.unlink()
    append_to_file(file, second.record)
    assert await book.find(first.record.key_id) is None
    assert await book.find(second.record.key_id) == second.record
    for broken in ("[", "{}"):
        file.write_text(broken)
        assert await book.find(second.record.key_id) is None


async def test_a_token_of_another_type_is_no_session_though_our_key_signed_it() -> None:
    private = Ed25519PrivateKey.generate()
    keys = SessionKeys(private, [], "demo")
    served = KeySet(Served(keys.key_set()).fetch, RULE.algorithms)
    login = Login({ISSUER: Issuer(RULE, served, "wallet")}, (), "demo", frozenset())
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": ADDRESS, "iat": now, "exp": now + 60, "jti": "s", "roles": ["viewer"],
        "tenant": "demo",
    }  # fmt: skip
    texts = {
        kind: jwt.encode(claims, private, "EdDSA", {"typ": kind, "kid": key_id(private.public_key())})
        for kind in (TYPE, "at+jwt", "JWT")
    }

    assert (await login.token(texts.pop(TYPE))).kind == "wallet"
    for text in texts.values():
        with pytest.raises(AccessDeniedError) as by_login:
            await login.token(text)
        with pytest.raises(AccessDeniedError) as by_keys:
            keys.session_of(text)
        assert by_login.value.reason == by_keys.value.reason == "type"


@pytest.mark.parametrize(("session_s", "token_s"), [(86_400, TOKEN_S), (60, 60)])
def test_a_token_ends_soon_and_never_after_its_session(session_s: float, token_s: float) -> None:
    now = time.time()
    text = SessionKeys(Ed25519PrivateKey.generate(), [], "demo").issue(ADDRESS, ["viewer"], "s", now + session_s)
    claims = jwt.decode(text, options={"verify_signature": False})

    assert claims["exp"] - now == pytest.approx(token_s, abs=5)


@pytest.mark.parametrize(
    ("policy", "action", "method", "status", "line"),
    [
        ("viewer", "look", "GET", 200, False), ("viewer", "predict", "POST", 200, False),
        ("operator", "look", "GET", 200, False), ("operator", "act", "POST", 200, True),
        ("operator", "act", "DELETE", 500, True), ("authority", "seal", "PUT", 409, True),
        ("viewer", "look", "GET", 401, True), ("viewer", "look", "GET", 403, True),
        ("viewer", "look", "GET", 404, False),
        ("public", "signIn", "POST", 200, True), ("public", "signIn", "POST", 422, True),
        ("public", "getSignInNonce", "GET", 200, True), ("public", "signOut", "DELETE", 204, True),
        ("public", "health", "GET", 200, False), ("admin", "listAuditLog", "GET", 200, True),
    ],
)  # fmt: skip
def test_which_requests_leave_a_line(policy: Policy, action: str, method: str, status: int, line: bool) -> None:
    assert worth_a_line(policy, action, method, status) is line


def test_a_line_is_one_line_and_not_endless() -> None:
    def path_of(path: str) -> str:
        return line_of("s", "demo", None, "act", "POST", path, 200, "", "203.0.113.9", "0" * 32).path

    assert path_of("/a\nb\x1b[31m\u2028c") == "/a?b?[31m?c"
    assert len(path_of("/" + "x" * 10_000)) == LONGEST_PATH
