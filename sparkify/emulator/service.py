"""The emulator whole: an account, its clusters, and the address under which an AWS client finds them."""

import asyncio
import contextlib
import datetime as dt
import json
import logging
import os
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sparkify.emulator.account import REGION, Account
from sparkify.emulator.backend import administer
from sparkify.emulator.clusters import Clusters
from sparkify.emulator.errors import ApiError
from sparkify.emulator.hosting import Host
from sparkify.emulator.policies import Policies
from sparkify.emulator.postgres import Postgres
from sparkify.emulator.prices import products
from sparkify.emulator.workgroups import Workgroups

Answer = Iterable[bytes]
_PASSED_ON = ("iam", "sts", "secretsmanager", "")
"""What moto answers as it is; for others, such as `redshift-data`, it makes up results. "": nobody signed."""
_UNSUPPORTED = "UnsupportedOperation"


class Emulator:
    """A running emulator; close it to remove everything it made."""

    def __init__(self, seconds: float = 1.0, port: int = 0) -> None:
        """Every change of a cluster's state takes `seconds`; AWS answers at `port`, by default a free one.

        Raises PostgresMissing.
        """
        os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._postgres = Postgres()
        try:
            self._start(seconds, port)
        except BaseException:
            self._postgres.stop()
            raise

    def _start(self, seconds: float, port: int) -> None:
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            create_backend_app,
        )
        from werkzeug.serving import make_server

        self._loop = asyncio.new_event_loop()
        self._fronts = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._fronts.start()
        self._run(_prepare(self._postgres.socket))
        self._folder = tempfile.TemporaryDirectory(prefix="emulator-tls-")
        self.certificate, tls = _certificate(Path(self._folder.name))
        self.account = Account()
        self._policies = Policies()
        self._filled: set[str] = set()
        host = Host(self._postgres.socket, tls, self.account, self._run)
        self.clusters = Clusters(host, self.account, seconds)
        self.workgroups = Workgroups(host, self.account, lambda: self.clusters.seconds)
        self._moto: Any = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", port, self._application, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process must have in its environment to find the emulator and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "emulator",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ALLOW_HTTP": "true",
            "SSL_CERT_FILE": str(self.certificate),
        }

    def fill(self, bucket: str, files: Mapping[str, Path]) -> None:
        """Copy files, by their keys, into a bucket, which is made if it is not there."""
        self.account.make_bucket(bucket)
        self._filled.add(bucket)
        for key, file in files.items():
            self.account.put(bucket, key, file.read_bytes())

    def reset(self) -> None:
        """Forget the whole account."""
        from moto.moto_api._internal.models import moto_api_backend

        self.clusters.close()
        self.workgroups.close()
        moto_api_backend.reset()
        self._policies = Policies()

    def close(self) -> None:
        """Stop everything and remove what was made: another emulator of this process has the same account."""
        for bucket in self._filled:
            self.account.drop_bucket(bucket)
        self.clusters.close()
        self.workgroups.close()
        self._server.shutdown()
        self._server.server_close()
        self._run(_finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._fronts.join()
        self._loop.close()
        self._postgres.stop()
        self._folder.cleanup()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _application(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Answer:
        """Every request to AWS; what we have no rule of our own for goes to moto as it is."""
        service = _service(environ)
        if service in ("redshift-serverless", "pricing"):
            return self._answer_json(service, environ, respond)
        if service == "s3":
            return self._answer_s3(environ, respond)
        if service in ("redshift", "ec2"):
            return self._answer_form(service, environ, respond)
        if service in _PASSED_ON:
            return self._moto(environ, respond)  # type: ignore[no-any-return]  # a WSGI application
        return _reply(respond, "400 Bad Request", _not_imitated(service), "application/x-amz-json-1.1")

    def _answer_form(self, service: str, environ: dict[str, Any], respond: Callable[..., Any]) -> Answer:
        """The query protocol: the action and its parameters are a form."""
        form = dict(parse_qsl(_body(environ).decode(), keep_blank_values=True))
        action = form.get("Action", "")
        status: list[Any] = []
        try:
            if service == "ec2":
                self._check_group(action, form)
            elif (own := self.clusters.before(action, form)) is not None:
                return _reply(respond, "200 OK", _envelope(action, own))
            passed = urlencode(form).encode()
            environ |= {"wsgi.input": BytesIO(passed), "CONTENT_LENGTH": str(len(passed))}
            answer = b"".join(self._moto(environ, lambda *given: status.extend(given)))
        except ApiError as error:
            return _reply(respond, f"{error.status} Error", _error(service, error))
        except NotImplementedError:  # moto knows the call and does not answer it
            refused = ApiError(_UNSUPPORTED, f"emulator: {action} is not imitated")
            return _reply(respond, "400 Error", _error(service, refused))
        text = answer.decode()
        if service == "redshift" and status[0].startswith("200"):
            text = self.clusters.after(action, form, text)
        return _reply(respond, status[0], text)

    def _answer_s3(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Answer:
        """Owners and policies of buckets; all else is moto's."""
        try:
            if refusal := self._refuse_bucket(environ):
                raise refusal
            answer = self._answer_policy(environ, respond)
        except ApiError as error:
            return _reply(respond, f"{error.status} Error", _error("s3", error))
        return self._moto(environ, respond) if answer is None else answer

    def _answer_json(self, service: str, environ: dict[str, Any], respond: Callable[..., Any]) -> Answer:
        """The JSON protocol: the action is in a header, an error's name in `__type`."""
        action = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
        answering = products if service == "pricing" else self._workgroups_of(environ).answer
        try:
            said, status = answering(action, json.loads(_body(environ) or b"{}")), "200 OK"
        except ApiError as error:
            said, status = {"__type": error.code, "message": str(error)}, "400 Bad Request"
        return _reply(respond, status, json.dumps(said), "application/x-amz-json-1.1")

    def _workgroups_of(self, environ: dict[str, Any]) -> Workgroups:
        """Those of the request's region."""
        if _scope(environ)[2] == REGION:
            return self.workgroups
        return Workgroups(self.clusters.host, self.account, lambda: 0)

    def _refuse_bucket(self, environ: dict[str, Any]) -> ApiError | None:
        """S3 User Guide, "Verifying bucket ownership with bucket owner condition"; "CreateBucket"."""
        bucket = environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
        owner = self.account.owner(bucket)
        if environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", owner) != owner:
            return ApiError("AccessDenied", "Access Denied", 403)
        is_new = environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].strip("/") == bucket
        if is_new and not environ.get("QUERY_STRING") and bucket in self.account.owners:
            return ApiError("BucketAlreadyExists", "The requested bucket name is not available.", 409)
        return None

    def _answer_policy(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Answer | None:
        """Answer what is about a bucket's policy; None for all else, and for what moto is to answer."""
        bucket, _, key = environ.get("PATH_INFO", "").lstrip("/").partition("/")
        method = environ["REQUEST_METHOD"]
        is_policy = environ.get("QUERY_STRING", "").rstrip("=") == "policy"
        if method == "DELETE" and not key and (is_policy or not environ.get("QUERY_STRING")):
            self._policies.forget(bucket)
        if not is_policy or bucket not in self.account.buckets():
            return None
        if method == "GET" and (kept := self._policies.get(bucket)):
            return _reply(respond, "200 OK", kept, "application/json")
        if method != "PUT":
            return None
        enforced = self._policies.put(bucket, _body(environ).decode()).encode()
        self.account.enforce(bucket, enforced or None)
        return _reply(respond, "204 No Content", "")

    def _check_group(self, action: str, form: dict[str, str]) -> None:
        group = form.get("GroupId", "")
        used = self.clusters.uses_group(group) or self.workgroups.uses_group(group)
        if action == "DeleteSecurityGroup" and used:
            raise ApiError("DependencyViolation", f"resource {group} has a dependent object")
        if action == "CreateSecurityGroup" and "VpcId" not in form and not self.account.default_vpc():
            raise ApiError("VPCIdNotSpecified", "No default VPC for this user")  # EC2: "Error codes"


@contextlib.contextmanager
def running_emulator(seconds: float = 1.0, port: int = 0) -> Iterator[Emulator]:
    """An emulator for as long as the block lasts."""
    emulator = Emulator(seconds, port)
    try:
        yield emulator
    finally:
        emulator.close()


async def _finish() -> None:
    """Wait for every session to end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _prepare(socket: str) -> None:
    folder = Path(__file__).parent
    files = (
        "text.sql",
        "bootstrap.sql",
        "dates.sql",
        "numbers.sql",
        "aggregates.sql",
        "functions.sql",
        "super.sql",
        "catalogue.sql",
    )
    await administer(socket, "template1", *((folder / name).read_text(encoding="utf-8") for name in files))


def _service(environ: dict[str, Any]) -> str:
    """The service that a signed request is for."""
    scope = _scope(environ)
    return scope[3] if len(scope) > 3 else ""


def _not_imitated(service: str) -> str:
    return json.dumps({"__type": _UNSUPPORTED, "message": f"emulator: {service} is not imitated"})


def _scope(environ: dict[str, Any]) -> list[str]:
    """Key, day, region, service: what a signature is good for."""
    authorization: str = environ.get("HTTP_AUTHORIZATION", "")
    return authorization.partition("Credential=")[2].split(",")[0].split("/")


def _body(environ: dict[str, Any]) -> bytes:
    return bytes(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def _reply(respond: Callable[..., Any], status: str, text: str, kind: str = "text/xml") -> Answer:
    body = text.encode()
    respond(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def _envelope(action: str, inner: str) -> str:
    return (
        f'<{action}Response xmlns="http://redshift.amazonaws.com/doc/2012-12-01/">'
        f"<{action}Result>{inner}</{action}Result>"
        f"<ResponseMetadata><RequestId>emulator</RequestId></ResponseMetadata></{action}Response>"
    )


def _error(service: str, error: ApiError) -> str:
    inner = f"<Code>{error.code}</Code><Message>{error}</Message>"
    if service == "s3":
        return f"<Error>{inner}<RequestId>emulator</RequestId></Error>"
    if service == "ec2":
        return f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>emulator</RequestID></Response>"
    return (
        '<ErrorResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/">'
        f"<Error><Type>Sender</Type>{inner}</Error><RequestId>emulator</RequestId></ErrorResponse>"
    )


def _certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that is valid for a year: (its file, a server's context)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
