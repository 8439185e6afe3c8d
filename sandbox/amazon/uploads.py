"""Uploads that are signed beforehand, with what S3 compares and moto does not: signature, life, key, size, checksum.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html and .../sigv4-query-string-auth.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import flask
from moto.core.responses import ActionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from sandbox.amazon.waiting import now

# The key that everybody uses here; Amazon looks it up by the id.
SECRET = os.environ.get("SANDBOX_AMAZON_SECRET", "testing")


class Refused(S3ClientError):
    """What S3 answers to an upload that is not as it was signed."""


def add() -> None:
    """Put these in the place of moto's."""
    plain_post, plain_put = S3Response._bucket_response_post, S3Response._key_response_put

    def post(self: S3Response, request: Any, bucket_name: str) -> Any:
        if "policy" not in self.form_data:
            return plain_post(self, request, bucket_name)
        fields = {name.lower(): value for name, value in self.form_data.items()}
        _check_policy({**fields, "bucket": bucket_name}, len(self.raw_body))
        answer = plain_post(self, request, bucket_name)
        key = self.backend.get_object(bucket_name, fields["key"])
        key.encryption = fields.get("x-amz-server-side-encryption")  # type: ignore[union-attr]  # just written
        if checksum := fields.get("x-amz-checksum-sha256"):
            _check_checksum(checksum, self.raw_body)
            key.checksum_algorithm, key.checksum_value = "SHA256", checksum  # type: ignore[union-attr]  # as above
        return answer

    def put(self: S3Response, query: dict[str, Any], key_name: str) -> Any:
        if "X-Amz-Signature" in flask.request.args:
            _check_link(flask.request)
        if (checksum := self.headers.get("x-amz-checksum-sha256")) and "aws-chunked" not in str(
            self.headers.get("Content-Encoding")
        ):
            _check_checksum(checksum, self.raw_body)
        return plain_put(self, query, key_name)

    S3Response._bucket_response_post = post  # type: ignore[method-assign]
    S3Response._key_response_put = put  # type: ignore[method-assign]
    S3Response.list_parts = _list_parts  # type: ignore[method-assign]


def _list_parts(self: Any) -> Any:
    """List parts with their checksums, which moto leaves out."""
    upload_id = self._get_param("uploadId")
    parts = self.backend.list_parts(self.bucket_name, upload_id, part_number_marker=0, max_parts=10_000)
    listed = [
        {
            "PartNumber": part.name,
            "LastModified": part.last_modified_ISO8601,
            "ETag": part.etag,
            "Size": part.size,
            "ChecksumSHA256": _sha256(part.value),
        }
        for part in parts
    ]
    result = {"Bucket": self.bucket_name, "Key": self.parse_key_name(), "UploadId": upload_id, "Parts": listed}
    self.data["Action"] = "ListParts"
    return self.serialized(ActionResult({**result, "IsTruncated": False, "MaxParts": 10_000}))


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _check_checksum(checksum: str, content: bytes) -> None:
    if checksum != _sha256(content):
        raise Refused("BadDigest", "The SHA256 you specified did not match the calculated checksum.")


def _signing_key(date: str, region: str) -> bytes:
    key = f"AWS4{SECRET}".encode()
    for word in (date, region, "s3", "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return key


def _check_policy(fields: dict[str, str], size: int) -> None:
    """Compare a form with the policy that it carries."""
    _, date, region, *_ = fields["x-amz-credential"].split("/")
    wanted = hmac.new(_signing_key(date, region), fields["policy"].encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, fields["x-amz-signature"]):
        raise Refused("SignatureDoesNotMatch", "The policy is not signed with the key.")
    policy = json.loads(base64.b64decode(fields["policy"]))
    if now() > datetime.fromisoformat(policy["expiration"]):
        raise Refused("AccessDenied", "Invalid according to Policy: Policy expired.")
    named = {"policy", "x-amz-signature", "file"}
    for condition in policy["conditions"]:
        match condition if isinstance(condition, list) else ["eq", *(f"${k}" for k in condition), *condition.values()]:
            case ["content-length-range", least, most]:
                if size > most:
                    raise Refused("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
                if size < least:
                    raise Refused("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
            case ["eq", field, value] if fields.get(field[1:].lower()) == value:
                named.add(field[1:].lower())
            case _:
                raise Refused("AccessDenied", f"Invalid according to Policy: {condition}")
    if extra := set(fields) - named - {"bucket"}:
        raise Refused("AccessDenied", f"Invalid according to Policy: Extra input fields: {sorted(extra)}")


def _check_link(request: Any) -> None:
    """Compare a request with the signature in its address."""
    given = request.args["X-Amz-Signature"]
    query = sorted((name, value) for name, value in request.args.items() if name != "X-Amz-Signature")
    text = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query)
    names = request.args["X-Amz-SignedHeaders"].split(";")
    headers = "".join(f"{name}:{' '.join(str(request.headers.get(name, '')).split())}\n" for name in names)
    path = quote(request.path, safe="/-_.~")
    canonical = "\n".join([request.method, path, text, headers, ";".join(names), "UNSIGNED-PAYLOAD"])
    _, date, region, *_ = request.args["X-Amz-Credential"].split("/")
    stamp, digest = request.args["X-Amz-Date"], hashlib.sha256(canonical.encode()).hexdigest()
    signed = f"AWS4-HMAC-SHA256\n{stamp}\n{date}/{region}/s3/aws4_request\n{digest}"
    wanted = hmac.new(_signing_key(date, region), signed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, given):
        raise Refused("SignatureDoesNotMatch", "The request is not the one that was signed.")
    ends = datetime.fromisoformat(stamp) + timedelta(seconds=int(request.args["X-Amz-Expires"]))
    if now() > ends:
        raise Refused("AccessDenied", "Request has expired")
