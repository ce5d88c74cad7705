"""Environment → settings. Every variable has a default that makes a fresh clone run; the README lists them all."""

from kombu import Exchange, Queue

from dashboard import addresses, environment, keys, logs, running
from dashboard.environment import PROJECT
from dashboard.public import PublicAddress, own_hosts

DATA_DIR = environment.data_folder()
DEBUG = False

# --- secrets: made once and kept in DATA_DIR where nobody sets them ---------------------------------------------------
SECRET_KEY = environment.text("SECRET_KEY") or keys.secret_key(DATA_DIR)
CREDENTIAL_KEYS = keys.checked(environment.words("CREDENTIAL_KEYS") or [keys.credential_key(DATA_DIR)])

# --- the address that people type -------------------------------------------------------------------------------------
HOST = environment.text("HOST", "127.0.0.1")
PORT = environment.number("PORT", 8000, least=0, most=65535)
PUBLIC_URL = environment.text("PUBLIC_URL")
TRUST_PROXY_HEADERS = environment.flag("TRUST_PROXY_HEADERS", default=False)
_public = PublicAddress.read(PUBLIC_URL) if PUBLIC_URL else None
_is_secure = bool(_public and _public.is_secure)
_sub_path = _public.path if _public else ""

ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or own_hosts(HOST)
if _public:
    ALLOWED_HOSTS.append(_public.host)
    CSRF_TRUSTED_ORIGINS = [_public.origin]
FORCE_SCRIPT_NAME = _sub_path or None
USE_X_FORWARDED_HOST = TRUST_PROXY_HEADERS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO" if TRUST_PROXY_HEADERS else "PUBLIC_SCHEME", "https")
SECURE_SSL_REDIRECT = _is_secure
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_secure
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = _sub_path or "/"
SILENCED_SYSTEM_CHECKS = [
    "security.W004",  # HSTS binds everything on this host name: whoever runs the proxy says it, not one of its guests
]

# --- the application --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "replicas_app",
    "dashboard",
]
MIDDLEWARE = [
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.middleware.SubPath",
    "dashboard.middleware.PublicScheme",
    "dashboard.middleware.Caller",
    "dashboard.middleware.Health",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "replicas_app.views.middleware.PageHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "replicas_app.views.middleware.SignInRequired",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "replicas_app.views.middleware.WrongMethods",
    "replicas_app.views.middleware.RemovedMeanwhile",
]
ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "replicas_app.context.frame",
            ],
        },
    },
]

# --- Postgres: the one in DATABASE_URL, else the embedded one ---------------------------------------------------------
DATABASE_IS_EMBEDDED = not environment.text("DATABASE_URL")
DATABASE_URL = environment.text("DATABASE_URL") or running.told(DATA_DIR)["DATABASE_URL"]
DATABASES = {"default": addresses.database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- what `make run` adds where nobody brings servers of their own ----------------------------------------------------
DEMO = environment.flag("DEMO", default=not (environment.text("DATABASE_URL") or environment.text("CELERY_BROKER_URL")))

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "replicas_app.Person"
AUTHENTICATION_BACKENDS = ["replicas_app.people.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ADMIN_USERNAME = environment.text("ADMIN_USERNAME", "admin")
ADMIN_PASSWORD = environment.text("ADMIN_PASSWORD")
"""The first admin's, if there is none yet; without a password one is made and kept in DATA_DIR/first-login.txt."""
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
CSRF_FAILURE_VIEW = "replicas_app.views.errors.csrf_failure"

# --- what lists read is remembered by each web process: a few megabytes, though every letter typed adds to it ---------
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2_000}}}

# --- syncs: at every server's own interval; once in a night everything is read ----------------------------------------
FULL_SWEEP_AT = environment.clock_time("FULL_SWEEP_AT", "02:30")
FULL_SWEEP_ZONE = environment.zone("FULL_SWEEP_ZONE", environment.text("TZ"), "UTC")

# --- history: for how many days it is kept; 0 is for ever -------------------------------------------------------------
EVENTS_KEPT_DAYS = environment.number("EVENTS_KEPT_DAYS", 400, least=0, most=36_500)
VANISHED_KEPT_DAYS = environment.number("VANISHED_KEPT_DAYS", 100, least=0, most=36_500)
"""What the servers no longer list: restore points, VMs and replicas. None goes before the events that tell of it."""

# --- rescans ----------------------------------------------------------------------------------------------------------
RESCAN_COOL_DOWN_SECONDS = environment.number("RESCAN_COOL_DOWN_SECONDS", 30, least=0, most=86_400)
"""How long a replica is left alone after a rescan of it that ended well; 0: not at all."""

# --- words and times --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files: collected by `make run`, served by whitenoise under names that change with their content -----------
STATIC_URL = f"{_sub_path}/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [PROJECT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# --- the queue: what has to be done stands in rows, so a message is a mere nudge, and is never waited for long --------
CELERY_BROKER_URL = addresses.broker(
    environment.text("CELERY_BROKER_URL") or running.told(DATA_DIR)["CELERY_BROKER_URL"]
)
CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = CELERY_BROKER_URL  # else Celery takes the variable as it stands
CELERY_BROKER_USE_SSL = addresses.broker_trust(CELERY_BROKER_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = addresses.broker_patience(CELERY_BROKER_URL)
CELERY_BROKER_CONNECTION_TIMEOUT = addresses.BROKER_SECONDS
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.2, "interval_step": 0, "interval_max": 0.2}
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), name) for name in ("celery", "rescans")]
"""Two, so that no step of a rescan waits behind reads of minutes. A worker takes from both, unless told otherwise."""
CELERY_TASK_ROUTES = {
    "replicas_app.tasks.follow_rescan": {"queue": "rescans"},
    "replicas_app.tasks.give_sign_of_rescans": {"queue": "rescans"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_CONCURRENCY = environment.number("WORKER_CONCURRENCY", 4, least=1, most=64)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True  # none of ours: they are acknowledged as they begin
CELERY_BEAT_SCHEDULER = "dashboard.beat:InProcessScheduler"
CELERY_BEAT_SCHEDULE = {
    "signs": {"task": "replicas_app.tasks.look_for_signs", "schedule": 10.0},
    "syncs": {"task": "replicas_app.tasks.enqueue_due_syncs", "schedule": 5.0},
    "rescans": {"task": "replicas_app.tasks.enqueue_due_rescans", "schedule": 1.0},
    "tests": {"task": "replicas_app.tasks.enqueue_due_tests", "schedule": 5.0},
    "history": {"task": "replicas_app.tasks.enqueue_due_drops", "schedule": 600.0},
}

LOGGING = logs.CONFIGURATION
