/* How much memory an assessment takes, and the batch that keeps it within what is allowed. */
#include <inttypes.h>

#include "api/attack.h"
#include "base/machine.h"
#include "base/parallel.h"
#include "base/text.h"

static const int64_t most_arrays = (int64_t)1 << 30;
/* Of what the machine has left; of what is allowed, to the arrays of the attacks. */
enum { SHARE = 75, ARRAYS_SHARE = 25, PERCENT = 100 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void add(assay_attack_memory *m, assay_model *model)
{
    for (int32_t i = 0; i < m->n; i++) {
        if (m->models[i] == model) {
            return;
        }
    }
    if (model != NULL && m->n < ASSAY_ASSESS_MODELS) {
        m->models[m->n++] = model;
    }
}

/* First those that are asked for gradients; their number comes back. */
static int32_t collect(assay_attack_memory *m, const assay_assess_options *o)
{
    for (int32_t i = 0; i < o->n_models; i++) {
        add(m, o->models[i]);
    }
    for (int32_t i = 0; i < o->n_proxies; i++) {
        add(m, o->proxies[i]);
    }
    for (int32_t i = 0; i < o->n_matrix; i++) {
        add(m, o->matrix[i]);
    }
    add(m, o->substitute);
    int32_t slopes = m->n;
    for (int32_t i = 0; i < o->n_transfer; i++) {
        add(m, o->transfer[i]);
    }
    return slopes;
}

static void choose_cap(assay_attack_memory *m, int64_t allowed)
{
    m->given = allowed > 0;
    m->taken = greater(assay_process_resident(), 0);
    m->opened = assay_process_peak();
    int64_t left = m->given ? 0 : assay_machine_available("");
    m->allowed = m->given ? allowed : left >= 0 ? m->taken + left / PERCENT * SHARE : 0;
}

/* What the pixels take: a row in flight for each worker at least. */
static void share_out(assay_attack_memory *m, const assay_assess_options *o, int32_t workers)
{
    const assay_model *model = o->models[0];
    int64_t size = (int64_t)model->channels * model->height * model->width;
    int64_t n = o->limit > 0 ? smaller(o->limit, o->data->n) : o->data->n;
    int64_t row = size * (int64_t)sizeof(float);
    m->pixels = n * row;
    int64_t all = smaller(n, most_arrays / greater(row, 1)) * row * ASSAY_ATTACK_ARRAYS;
    int64_t share = (m->allowed - m->taken - m->pixels) / PERCENT * ARRAYS_SHARE;
    m->arrays = smaller(smaller(all, most_arrays), greater(share, 0));
    m->arrays = greater(m->arrays, workers * row * ASSAY_ATTACK_ARRAYS);
}

/* Workers are shared: whoever runs, the values of one model for each of them; weights are each one's own. */
static int64_t sum(const assay_attack_memory *m, bool least)
{
    int64_t run = 0;
    int64_t opening = 0;
    int64_t sessions = 0;
    for (int32_t i = 0; i < m->n; i++) {
        const assay_model_fit *fit = &m->fit[i];
        int64_t open = least ? 1 : atomic_load(&m->models[i]->gradient_sessions);
        run = greater(run, fit->run);
        opening = open > 0 ? greater(opening, fit->opening) : opening;
        sessions += open * fit->session;
    }
    return m->taken + m->pixels + m->arrays + run + opening + sessions;
}

int64_t assay_attack_memory_estimate(const assay_attack_memory *m)
{
    for (int32_t i = 0; i < m->n; i++) {
        if (!m->fit[i].known) {
            return 0;
        }
    }
    return greater(sum(m, false), m->opened);
}

static assay_status refuse(const assay_attack_memory *m, const assay_assess_options *o,
                           int32_t workers, assay_error *err)
{
    double needed = (double)greater(sum(m, true), m->opened) / 1e6;
    double allowed = (double)m->allowed / 1e6;
    if (m->given) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "attacking %s takes about %.0f MB in batches of %" PRId64
                          " with %d thread%s, %.0f MB are allowed: allow more memory, or use fewer "
                          "threads, models or images",
                          o->models[0]->name, needed, m->fit[0].batch, workers,
                          workers == 1 ? "" : "s", allowed);
    }
    assay_log_write(&o->context->log, ASSAY_LOG_WARNING,
                    "attacking %s may take %.0f MB even in batches of %" PRId64
                    ", more than the %.0f MB that are three quarters of what this machine has left",
                    o->models[0]->name, needed, m->fit[0].batch, allowed);
    return ASSAY_OK;
}

assay_status assay_assess_fit(assay_attack_memory *m, const assay_assess_options *o,
                              int64_t allowed, assay_error *err)
{
    *m = (assay_attack_memory){.fits = true};
    int32_t slopes = collect(m, o);
    choose_cap(m, allowed);
    if (m->allowed == 0) {
        return ASSAY_OK;
    }
    int64_t n = o->limit > 0 ? smaller(o->limit, o->data->n) : o->data->n;
    int32_t workers = assay_parallel_workers(greater(n, 1), o->context->threads);
    share_out(m, o, workers);
    int64_t room = m->allowed - m->taken - m->pixels - m->arrays;
    for (int32_t i = 0; i < m->n; i++) {
        const assay_model_room part = {
            .bytes = greater(room, 0) / m->n, .workers = workers, .gradients = i < slopes};
        ASSAY_TRY(assay_model_fit_to(&m->fit[i], m->models[i], &part, err));
        m->fits = m->fits && m->fit[i].fits;
    }
    m->fits = m->fits && room > 0 && m->opened <= m->allowed;
    return m->fits ? ASSAY_OK : refuse(m, o, workers, err);
}

void assay_attack_memory_json(assay_json *json, const assay_attack_memory *m)
{
    assay_json_key(json, "memory");
    assay_json_begin_object(json);
    if (m->allowed > 0) {
        assay_json_put_int(json, "allowed", m->allowed);
        assay_json_put_text(json, "allowed_by", m->given ? "user" : "machine");
    }
    int64_t estimate = assay_attack_memory_estimate(m);
    if (estimate > 0) {
        assay_json_put_int(json, "estimated", estimate);
    }
    int64_t peak = assay_process_peak();
    if (peak >= 0) {
        assay_json_put_int(json, "peak", peak);
    }
    assay_json_key(json, "models");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < m->n; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "model", m->models[i]->name);
        assay_json_put_int(json, "batch", m->models[i]->spec.batch);
        assay_json_put_int(json, "gradient_sessions",
                           atomic_load(&m->models[i]->gradient_sessions));
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
}

void assay_attack_memory_text(assay_buffer *out, const assay_attack_memory *m)
{
    int64_t peak = assay_process_peak();
    if (peak < 0 || m->n == 0) {
        return;
    }
    assay_buffer_printf(out, "\nMemory: %.0f MB at most", (double)peak / 1e6);
    if (m->allowed > 0) {
        assay_buffer_printf(out, " of %.0f MB %s", (double)m->allowed / 1e6,
                            m->given ? "allowed" : "(three quarters of what the machine had left)");
    }
    assay_buffer_printf(out, ", in batches of %" PRId64 "\n", m->models[0]->spec.batch);
}
