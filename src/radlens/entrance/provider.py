"""An identity provider (OpenID Connect): where it is, what it says, and whether it is true."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from radlens.domain.account import Role, User
from radlens.domain.errors import MissingExtra, NotSignedIn, Unavailable
from radlens.domain.single_sign_on import role_of, roles_of_groups
from radlens.ports import Site
from radlens.settings import Settings
from radlens.usecases.vouched import vouched

# Asymmetric alone: with HS256 whoever knows the public key could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
AGAIN_S = 10.0  # an unknown key is asked for no oftener than this
WAIT_S = 10.0


@dataclass
class Provider:
    """The provider that the settings name; every method may ask it over the network."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    groups: str
    roles: Mapping[str, Role]
    _lock: Lock = field(default_factory=Lock, repr=False)
    _metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    _keys: Any = field(default=None, repr=False)
    _asked: float = -AGAIN_S

    @staticmethod
    def of(settings: Settings) -> "Provider | None":
        """The provider of a site, None where it has none."""
        if not settings.oidc_issuer:
            return None
        return Provider(
            settings.oidc_issuer.rstrip("/"),
            settings.oidc_client,
            settings.oidc_secret,
            settings.oidc_groups,
            roles_of_groups(settings.oidc_roles),
        )

    def begin(self, back: str, *, state: str, nonce: str, verifier: str) -> str:
        """The address at which somebody shows who it is (PKCE, RFC 7636)."""
        with self._oauth(back) as oauth:
            url, _ = oauth.create_authorization_url(
                self.metadata["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return str(url)

    def finish(self, back: str, code: str, *, nonce: str, verifier: str) -> Mapping[str, Any]:
        """The claims for which the provider exchanges a code; raises NotSignedIn."""
        from authlib.integrations.base_client import OAuthError

        with self._oauth(back) as oauth:
            try:
                token = oauth.fetch_token(
                    self.metadata["token_endpoint"], code=code, code_verifier=verifier
                )
            except OAuthError as error:
                raise NotSignedIn("The identity provider did not accept the sign-in.") from error
        claims = self.claims(str(token.get("id_token", "")))
        if claims.get("nonce") != nonce:
            raise NotSignedIn("The identity provider answered another sign-in.")
        return claims

    def claims(self, token: str) -> Mapping[str, Any]:
        """What a signed token says; raises NotSignedIn unless it is theirs, for us, and now."""
        from joserfc import errors, jwt

        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.metadata["issuer"]},
            aud={"essential": True, "value": self.client},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            decoded = self._decoded(token)
            registry.validate(decoded)
        except (errors.JoseError, ValueError) as error:
            raise NotSignedIn("This token is not valid, or not any more.") from error
        return decoded

    def account(self, site: Site, claims: Mapping[str, Any], *, origin: str) -> User:
        """The account here of whom the claims speak; raises NotAllowed without a role."""
        groups = claims.get(self.groups) or ()
        role = role_of([groups] if isinstance(groups, str) else list(groups), self.roles)
        name = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        subject = f"{claims['iss']}\n{claims['sub']}"
        return vouched(site, subject=subject, name=str(name), role=role, origin=origin)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the provider publishes of itself; raises Unavailable."""
        if not self._metadata:
            found = self._get(f"{self.issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self.issuer:
                raise Unavailable("The identity provider says that it is another one.")
            self._metadata = found
        return self._metadata

    def _decoded(self, token: str) -> dict[str, Any]:
        from joserfc import errors, jwt

        try:
            return dict(jwt.decode(token, self._key_set(), algorithms=ALGORITHMS).claims)
        except (errors.InvalidKeyIdError, errors.BadSignatureError, ValueError):
            if not self._renewed():
                raise
            return dict(jwt.decode(token, self._key_set(), algorithms=ALGORITHMS).claims)

    def _key_set(self) -> Any:
        if self._keys is None:
            self._renewed()
        return self._keys

    def _renewed(self) -> bool:
        """Ask for the keys again, which change from time to time; false where that was just so."""
        from joserfc.jwk import KeySet

        with self._lock:
            if time.monotonic() - self._asked < AGAIN_S and self._keys is not None:
                return False
            self._asked = time.monotonic()
            self._keys = KeySet.import_key_set(self._get(self.metadata["jwks_uri"]))  # type: ignore[arg-type]
            return True

    def _get(self, url: str) -> Mapping[str, Any]:
        with _reached() as httpx:
            answer = httpx.get(url, timeout=WAIT_S)
            answer.raise_for_status()
            return dict(answer.json())

    @contextmanager
    def _oauth(self, back: str) -> Iterator[Any]:
        with _reached():
            from authlib.integrations.httpx_client import OAuth2Client

            with OAuth2Client(
                client_id=self.client,
                client_secret=self.secret or None,
                scope="openid profile email",
                redirect_uri=back,
                code_challenge_method="S256",
                timeout=WAIT_S,
            ) as client:
                yield client


@contextmanager
def _reached() -> Iterator[Any]:
    """The library that reaches the provider; its errors as ours."""
    try:
        import httpx
    except ModuleNotFoundError as error:
        hint = "pip install 'radlens[oidc]'"
        raise MissingExtra("Single sign-on needs the oidc extra.", hint=hint) from error
    try:
        yield httpx
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable("The identity provider does not answer as it should.") from error
