"""The road to the workers, as web processes and the sweep see it."""

from __future__ import annotations

import logging
from functools import cached_property

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry as RedisRetry
from rq import Queue as RQ
from rq import Retry
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from emrex_gateway import log as log_ids
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.jobs._job import FAILURE_TTL, RETRY_INTERVALS, RegisteredJob
from emrex_gateway.jobs._names import QUEUES, is_order, job_id
from emrex_gateway.ports import Secrets
from emrex_gateway.settings import Settings

log = logging.getLogger(__name__)

CONNECT_SECONDS = 0.4
ANSWER_SECONDS = 0.4
LOGO_SECONDS = 30
ASK_SECONDS = 60

_OVER = frozenset({JobStatus.FINISHED, JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED})


class RqQueue:
    """Implements ``ports.Queue``. Connects when first used; a closed road is logged, not raised."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets

    def send(self, task: str, id_: str) -> None:
        """Queue a task unless it is queued or running; see ``ports.Queue``.

        Raises ``ValueError`` for a task or id that no worker would accept.
        """
        if not is_order(task, id_):
            raise ValueError(f"{task!r} is not a task for the queue, or its id is of another form")
        try:
            queue = self._queue(QUEUES[task])
            try:
                self._enqueue(queue, task, id_)
            except DuplicateJobError:
                if _forget_if_over(queue, job_id(task, id_)):
                    self._enqueue(queue, task, id_)
        except DuplicateJobError:
            pass  # another sender was faster
        except (RedisError, OSError, GatewayError) as error:
            # The row says what is to be done; the sweep sends it again.
            log.warning("the queue cannot be reached: %s", type(error).__name__)

    @cached_property
    def _connection(self) -> Redis:
        return connect(self._settings, self._secrets, impatient=True)

    def _queue(self, name: str) -> RQ:
        return RQ(
            name, connection=self._connection, job_class=RegisteredJob, serializer=JSONSerializer
        )

    def _enqueue(self, queue: RQ, task: str, id_: str) -> None:
        queue.enqueue_call(
            func=task,
            args=(id_,),
            job_id=job_id(task, id_),
            # Its only free field: workers of every release let it stand, ours read a request's id.
            description=f"{task} {log_ids.request_id()}".strip(),
            timeout=timeout_of(self._settings, task),
            result_ttl=0,
            failure_ttl=FAILURE_TTL,
            retry=Retry(max=len(RETRY_INTERVALS), interval=RETRY_INTERVALS),
            unique=True,
        )


def timeout_of(settings: Settings, task: str) -> int:
    """Return how many seconds a task may take."""
    return {
        "fetch": settings.fetch_timeout,
        "try": settings.fetch_timeout,
        "hand": settings.fetch_timeout,
        "find": settings.fetch_timeout,
        "receive": settings.fetch_timeout,
        "poll": settings.fetch_timeout,
        "recall": settings.fetch_timeout,
        "sign": settings.sign_timeout,
        "attest": settings.sign_timeout,
        "draft": settings.sign_timeout,
        "key": settings.sign_timeout,
        "head": settings.sign_timeout,
        "refresh": settings.metadata_timeout,
        "registry": settings.metadata_timeout,
        "logo": LOGO_SECONDS,
        "ask": ASK_SECONDS,
    }[task]


def connect(settings: Settings, secrets: Secrets, *, impatient: bool = False) -> Redis:
    """Return a client that connects when first used. Raises ``ConfigError`` for its address.

    An impatient one gives up within a second, for web requests.
    """
    address = settings.redis_url
    reference = address if address.startswith(("env:", "file:")) else None
    try:
        url = secrets(reference).strip() if reference else address
        if not impatient:
            return Redis.from_url(url, socket_connect_timeout=5, health_check_interval=30)
        return Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=RedisRetry(NoBackoff(), 0),
        )
    except ValueError:
        raise ConfigError(f"redis_url {reference or ''} is not an address of Redis") from None


def ping_redis(settings: Settings, secrets: Secrets) -> bool:
    """Return whether the server wants a password; raises ``ConfigError`` when it does not answer."""
    client = connect(settings, secrets, impatient=True)
    try:
        client.ping()
        open_to_all = Redis(
            connection_pool=type(client.connection_pool)(
                **{
                    **client.connection_pool.connection_kwargs,
                    "username": None,
                    "password": None,
                    "credential_provider": None,
                },
                connection_class=client.connection_pool.connection_class,
            )
        )
        try:
            open_to_all.ping()
        except RedisError:
            return True
        finally:
            # a client does not close a pool that was given to it
            open_to_all.connection_pool.disconnect()
    except (RedisError, OSError) as error:
        raise ConfigError(f"Redis does not answer: {type(error).__name__}") from None
    finally:
        client.close()
    return False


def _forget_if_over(queue: RQ, id_: str) -> bool:
    """Delete a job that stands in the way but will never run again; True when it is gone."""
    try:
        job = RegisteredJob.fetch(id_, connection=queue.connection, serializer=JSONSerializer)
    except NoSuchJobError:
        return True
    if _still_ahead(queue, job):
        return False
    queue.connection.lrem(queue.key, 0, id_)
    job.delete()
    return True


def _still_ahead(queue: RQ, job: Job) -> bool:
    status = job.get_status(refresh=False)
    if status in _OVER:
        return False
    if status is JobStatus.SCHEDULED:
        return job in queue.scheduled_job_registry
    if status is JobStatus.STARTED:
        # A running job has an execution whose key expires soon after its worker's last heartbeat.
        connection = queue.connection
        return any(
            connection.exists(f"rq:execution:{job.id}:{execution}")
            for execution in job.execution_registry.get_execution_ids()
        )
    waiting = queue.connection.lpos(queue.key, job.id) is not None
    return waiting or queue.connection.lpos(queue.intermediate_queue_key, job.id) is not None
