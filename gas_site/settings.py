"""All settings: one file, everything from the environment, defaults that fit one machine.

The table in the README lists each variable. A bad value raises BadSetting, which names it and what it takes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path

from gas_site import environment, setting_aws, setting_services, setting_urls

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / "var"))).absolute()
PORT = environment.integer("PORT", 8000, least=1, most=65_535)
HOST = environment.text("HOST", "127.0.0.1")
SITE_NAME = environment.text("SITE_NAME", "GAS")
SITE_URL = setting_urls.site_url(PORT)
CONTACT_EMAIL = environment.text("CONTACT_EMAIL", "gas@localhost")
WORK_DIR = DATA_DIR / "work"
FILE_UPLOAD_TEMP_DIR = WORK_DIR / "incoming"
try:
    FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise environment.BadSetting("DATA_DIR", str(DATA_DIR), "a directory that this user may write to") from error


def _secret_key() -> str:
    """Return SECRET_KEY, or one that is made once and kept under DATA_DIR, readable by its owner alone."""
    given = environment.text("SECRET_KEY")
    if given:
        return given
    path = DATA_DIR / "secret_key"
    if not path.exists():
        # A link appears with its whole content and never replaces another: of two processes that start together
        # one makes the key, and both read the same.
        handle, made = tempfile.mkstemp(dir=DATA_DIR, prefix=".secret_key.")  # readable by its owner alone
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        os.unlink(made)
    return path.read_text()


SECRET_KEY = _secret_key()
SANDBOX = setting_services.sandbox_allowed(SITE_URL)
DEBUG = environment.flag("DEBUG", default=False)
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", f"{setting_urls.host_of(SITE_URL)},localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS", "")
HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = False  # the load balancer redirects
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "gas_site.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True

INSTALLED_APPS = [
    "gas_site",
    "accounts",
    "annotations",
    "archive",
    "billing",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "django_guid",
    "django_htmx",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django_guid.middleware.guid_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "gas_site.middleware.answer_probes",
    "gas_site.middleware.styled_method_not_allowed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.own_time_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.staff_second_factor",
    "gas_site.middleware.store_away_page",
    "gas_site.middleware.leave_by_page",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gas_site.context_processors.site",
            ]
        },
    }
]

ROOT_URLCONF = "gas_site.urls"
WSGI_APPLICATION = "gas_site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {"default": setting_urls.database(DATA_DIR)}
# Rate limits must count across the web processes; a table is shared by all of them, on one machine or many.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "gas_site_cache"}}

# People -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "annotate"
LOGOUT_REDIRECT_URL = "landing"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = environment.choice("EMAIL_VERIFICATION", "optional", ["mandatory", "optional", "none"])
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told by mail
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds
# Rate limits count by address. Behind proxies of ours it stands in X-Forwarded-For, so many places from its end.
ALLAUTH_TRUSTED_PROXY_COUNT = environment.integer("TRUSTED_PROXIES", 0)
SIGN_IN_SANDBOX_PORT = setting_services.port_beside("SIGN_IN_SANDBOX_PORT", PORT, 2000)
SIGN_IN_PROVIDERS = setting_services.sign_in_providers(SANDBOX, SIGN_IN_SANDBOX_PORT)
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": SIGN_IN_PROVIDERS, "OAUTH_PKCE_ENABLED": True}}
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SignInAdapter"
# An address that the provider has verified leads to the account that has it. allauth takes the password away from an
# account that never confirmed the address: it may have been made by somebody else, in wait for the owner.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers take http://localhost and nothing else without TLS
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a clock may be off
USERSESSIONS_TRACK_ACTIVITY = False  # a write for every page would buy nothing but the hour of the last one
STAFF_SECOND_FACTOR = environment.flag("STAFF_SECOND_FACTOR", default=True)

FREE_RETENTION = environment.duration("FREE_RETENTION", "5m")
FREE_MAX_BYTES = environment.size("FREE_MAX_BYTES", "150KB")
# The faster lane: what a premium job costs of its owner's share is divided by the weight, and one that comes new goes
# before others that came so much earlier.
PREMIUM_WEIGHT = environment.integer("PREMIUM_WEIGHT", 4, least=1)
PREMIUM_LEAD = environment.duration("PREMIUM_LEAD", "30s")

# Money, and the stand-in for Stripe on one machine ----------------------------------------------------------
STRIPE_SANDBOX_PORT = setting_services.port_beside("STRIPE_SANDBOX_PORT", PORT, 1000)
STRIPE = setting_services.payments(SECRET_KEY, SANDBOX, STRIPE_SANDBOX_PORT)
STRIPE_TIMEOUT = environment.duration("STRIPE_TIMEOUT", "15s", least=timedelta(seconds=1))

# Files, references, the queue, mail -----------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(environment.text("STATIC_ROOT", str(DATA_DIR / "static")))  # an image brings its own
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": setting_urls.storage(DATA_DIR),
    "staticfiles": {"BACKEND": "gas_site.static_files.HashedStaticFiles"},
}
VAULT = setting_urls.vault(DATA_DIR)
RESTORE_TIERS = setting_urls.restore_tiers()
RETRIEVAL_QUEUE = setting_aws.retrieval_queue()
RETRIEVAL_TOPICS = setting_aws.retrieval_topics()
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024**2  # pasted text; files are streamed and have their plan's limit
BUNDLED_REFERENCES = BASE_DIR / "annotations" / "references"
REFERENCES = environment.words("REFERENCES", "")  # what manage.py join pulls from the file store
REFERENCE_DIRS = [BUNDLED_REFERENCES, DATA_DIR / "references"]

QUEUE_URL = setting_urls.queue_url(DATA_DIR)
QUEUE_DIRECTORY = setting_urls.queue_directory(DATA_DIR)
ANNOTATE_THREADS = environment.integer("ANNOTATE_THREADS", 2, least=1)
WORK_THREADS = environment.integer("WORK_THREADS", 4, least=1)
# gunicorn: processes, threads of each, and how long a request may still run once the process is told to end.
WEB_WORKERS = environment.integer("WEB_WORKERS", 2, least=1)
WEB_THREADS = environment.integer("WEB_THREADS", 8, least=1)
WEB_GRACE = environment.duration("WEB_GRACE", "4s")
# A file whose text is longer is cut into shards of so many records, which workers annotate side by side. One of them is
# what somebody else's small file may have to wait for.
SHARD_ABOVE = environment.size("SHARD_ABOVE", "128MB")
SHARD_RECORDS = environment.integer("SHARD_RECORDS", 250_000, least=1)
# A job with at most so much text is small: an annotator takes one of these beside its ANNOTATE_THREADS, which may all
# be at large work. 0: none is small.
EXPRESS_BELOW = environment.size("EXPRESS_BELOW", "10MB")
JOB_TIMEOUT = environment.duration("JOB_TIMEOUT", "12h", least=timedelta(seconds=1))
LEASE = environment.duration("LEASE", "60s", least=timedelta(seconds=2))  # it is renewed once a second
SWEEP_EVERY = environment.duration("SWEEP_EVERY", "60s", least=timedelta(seconds=1))

globals().update(setting_urls.email(DATA_DIR))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text("EMAIL_FROM", f"{SITE_NAME} <{CONTACT_EMAIL}>")

# What browsers may load: our own files and nothing else. No inline script or style anywhere. ----------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "connect-src": setting_aws.connect_sources(STORAGES["default"]),
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# What Prometheus shows to read /metrics; without it there is no such page.
METRICS_TOKEN = environment.text("METRICS_TOKEN")
# Every answer bears the id of its request. One that a proxy of ours gave is kept, so that its log and ours meet.
DJANGO_GUID = {"GUID_HEADER_NAME": "X-Request-ID", "VALIDATE_GUID": True, "EXPOSE_HEADER": False}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request": {"()": "django_guid.log_filters.CorrelationId", "correlation_id_field": "request_id"},
        "job": {"()": "gas_site.log_context.JobId"},
        "tokens": {"()": "gas_site.log_context.HideTokens"},
    },
    "formatters": {
        "line": {
            "()": "gas_site.log_context.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s%(about)s",
        },
        "json": {
            "()": "gas_site.log_context.JsonLineFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(job_id)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request", "job", "tokens"],
            "formatter": environment.choice("LOG_FORMAT", "line", ["line", "json"]),
        }
    },
    "root": {"handlers": ["stderr"], "level": environment.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING"])},
    "loggers": {
        # One line a message would fill the log of a busy worker and says nothing the job's events do not.
        "dramatiq.worker.WorkerThread": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},  # where each process has found its keys
        # Signal.send_robust() quotes the error it has met, which may name a file. Its caller writes down the kind.
        "django.dispatch": {"level": "CRITICAL"},
        "django_guid": {"level": "WARNING"},
        # gunicorn sets up its own before the app is loaded; its lines are to look like all others.
        "gunicorn.error": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        "stripe": {"level": "WARNING"},
    },
}
