#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/alloc.h"

enum { MOST_THREADS = 4096 };

typedef struct block_job {
    assay_block_fn fn;
    void *payload;
    const assay_cancel *cancel;
    int64_t blocks;
    atomic_int_fast64_t next;
    atomic_int_fast64_t lowest_failed; /* blocks above it need not start any more */
    atomic_bool cancelled;             /* a block was left out because of `cancel` */
    pthread_mutex_t lock;              /* guards the two below and writes of lowest_failed */
    assay_status status;
    assay_error error;
} block_job;

typedef struct worker {
    block_job *job;
    int index;
    pthread_t thread;
} worker;

/* Cores this process may use: a batch system or container often grants fewer than there are. */
static int cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return CPU_COUNT(&set);
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (online > MOST_THREADS ? MOST_THREADS : (int)online);
}

int assay_parallel_workers(int64_t blocks, int threads)
{
    int64_t workers = threads == 0 ? cores() : threads;
    if (workers > MOST_THREADS) {
        workers = MOST_THREADS;
    }
    if (workers > blocks) {
        workers = blocks;
    }
    return workers < 1 ? 1 : (int)workers;
}

static bool requested(const assay_cancel *cancel)
{
    return cancel != NULL && atomic_load_explicit(&cancel->requested, memory_order_relaxed) != 0;
}

static void record(block_job *job, int64_t block, assay_status status, const assay_error *error)
{
    (void)pthread_mutex_lock(&job->lock);
    if (block < atomic_load(&job->lowest_failed)) {
        atomic_store(&job->lowest_failed, block);
        job->status = status;
        job->error = *error;
    }
    (void)pthread_mutex_unlock(&job->lock);
}

/* Blocks are handed out in order, so when one fails every lower one has been started already and
 * runs to its end: the lowest failure is the same however the threads are scheduled. */
static void work(block_job *job, int index)
{
    for (;;) {
        int64_t block = atomic_fetch_add(&job->next, 1);
        if (block >= job->blocks || block > atomic_load(&job->lowest_failed)) {
            return;
        }
        if (requested(job->cancel)) {
            atomic_store(&job->cancelled, true);
            return;
        }
        assay_error error = {0};
        assay_status status = job->fn(job->payload, block, index, &error);
        if (status != ASSAY_OK) {
            record(job, block, status, &error);
        }
    }
}

static void *thread_main(void *argument)
{
    worker *self = argument;
    work(self->job, self->index);
    return NULL;
}

/* The calling thread is worker 0. A thread that cannot be had is done without: fewer threads give
 * the same results. Returns how many were started. */
static int start(worker *workers, int count)
{
    /* Signals belong to the application's own threads. */
    sigset_t all, before;
    (void)sigfillset(&all);
    bool masked = pthread_sigmask(SIG_BLOCK, &all, &before) == 0;
    int started = 0;
    while (started < count &&
           pthread_create(&workers[started].thread, NULL, thread_main, &workers[started]) == 0) {
        started++;
    }
    if (masked) {
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return started;
}

static assay_status cancelled(assay_error *err)
{
    return assay_fail(err, ASSAY_ECANCELLED, "interrupted");
}

static assay_status run_threads(block_job *job, int workers, assay_error *err)
{
    worker *others = assay_alloc((size_t)workers - 1, sizeof *others);
    if (others == NULL) {
        return assay_fail_memory(err);
    }
    if (pthread_mutex_init(&job->lock, NULL) != 0) {
        assay_free(others);
        return assay_fail_memory(err);
    }
    for (int i = 0; i < workers - 1; i++) {
        others[i].job = job;
        others[i].index = i + 1;
    }
    int started = start(others, workers - 1);
    work(job, 0);
    for (int i = 0; i < started; i++) {
        (void)pthread_join(others[i].thread, NULL);
    }
    (void)pthread_mutex_destroy(&job->lock);
    assay_free(others);
    if (job->status != ASSAY_OK) {
        if (err != NULL) {
            *err = job->error;
        }
        return job->status;
    }
    return atomic_load(&job->cancelled) ? cancelled(err) : ASSAY_OK;
}

assay_status assay_parallel(int64_t blocks, int threads, assay_block_fn fn, void *payload,
                            const assay_cancel *cancel, assay_error *err)
{
    if (blocks < 0 || threads < 0) {
        return assay_fail(err, ASSAY_EINVAL, "the number of blocks and threads cannot be negative");
    }
    int workers = assay_parallel_workers(blocks, threads);
    if (workers > 1) {
        block_job job = {.fn = fn, .payload = payload, .cancel = cancel, .blocks = blocks};
        atomic_init(&job.next, 0);
        atomic_init(&job.lowest_failed, INT64_MAX);
        atomic_init(&job.cancelled, false);
        return run_threads(&job, workers, err);
    }
    for (int64_t block = 0; block < blocks; block++) {
        if (requested(cancel)) {
            return cancelled(err);
        }
        ASSAY_TRY(fn(payload, block, 0, err));
    }
    return ASSAY_OK;
}
