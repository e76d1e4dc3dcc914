#include "onnx/gradient.h"

#include <string.h>

#include "onnx/internal.h"
#include "onnx/vjp/vjp.h"

/* value->mark while differentiating */
enum { DEPENDS = 1 /* on something wanted */, LEADS = 2 /* to an output */ };

/* What has been contributed to a value's gradient so far: value->pass. */
typedef struct pending {
    assay_onnx_value **parts;
    int32_t n, capacity;
    int32_t given, gated; /* contributions so far, and those that onnx_give_gated made */
} pending;

static assay_status note(assay_onnx_names *names, const assay_onnx_graph *graph,
                         const assay_onnx_node *node, assay_error *err)
{
    if (names == NULL) {
        return ASSAY_OK;
    }
    const char **items = assay_onnx_grow(graph->arena, (void *)names->items, names->n,
                                         &names->capacity, sizeof(const char *));
    if (items == NULL) {
        return assay_fail_memory(err);
    }
    names->items = items;
    names->items[names->n++] = assay_onnx_node_text(graph, node);
    return ASSAY_OK;
}

/* To whole numbers: what a Cast does with information, as rounding does. */
static bool is_step(const assay_onnx_node *node, const onnx_vjp_rule *rule)
{
    bool cast = strncmp(node->op, "Cast", 4) == 0;
    const assay_onnx_value *x = assay_onnx_in(node, 0);
    const assay_onnx_value *y = assay_onnx_out(node, 0);
    bool whole = cast && x != NULL && y != NULL && y->type != 0 && x->type != 0 &&
                 (!assay_onnx_type_is_float(y->type) || !assay_onnx_type_is_float(x->type));
    return rule->kind == ONNX_VJP_STEP || whole;
}

static bool any_input(const assay_onnx_node *node, int32_t mark)
{
    bool found = false;
    for (int32_t i = 0; i < node->n_in; i++) {
        found = found || (node->in[i] != NULL && (node->in[i]->mark & mark) != 0);
    }
    for (int32_t i = 0; i < node->n_captures; i++) {
        found = found || (node->captures[i]->mark & mark) != 0;
    }
    return found;
}

static bool any_output(const assay_onnx_node *node, int32_t mark)
{
    for (int32_t i = 0; i < node->n_out; i++) {
        if (node->out[i] != NULL && (node->out[i]->mark & mark) != 0) {
            return true;
        }
    }
    return false;
}

/* Sums with whole numbers: places, sizes, counters; straight-through ends there. */
static bool counts(const assay_onnx_node *node)
{
    static const char *const ops[] = {"Abs", "Add", "Div", "Max", "Min", "Mod",
                                      "Mul", "Neg", "Pow", "Sub", "Sum", "CumSum"};
    const assay_onnx_value *y = assay_onnx_out(node, 0);
    bool whole = y != NULL && y->type != 0 && !assay_onnx_type_is_float(y->type);
    for (size_t i = 0; whole && i < ASSAY_COUNT(ops); i++) {
        if (assay_onnx_is(node, ops[i])) {
            return true;
        }
    }
    return whole && strncmp(node->op, "Reduce", 6) == 0;
}

static bool passes(const assay_onnx_node *node, assay_onnx_steps steps)
{
    const onnx_vjp_rule *rule = onnx_vjp_find(node);
    if (counts(node)) {
        return false;
    }
    return rule == NULL || (rule->kind != ONNX_VJP_ZERO &&
                            (steps == ASSAY_ONNX_STEPS_STRAIGHT || !is_step(node, rule)));
}

/* Marks what lies between; nodes on the way have node->mark set. */
static void mark_way(assay_onnx_graph *graph, const assay_onnx_gradient_request *request)
{
    for (int32_t i = 0; i < graph->n_values; i++) {
        graph->values[i]->mark = 0;
        graph->values[i]->pass = NULL;
    }
    for (int32_t i = 0; i < request->n_wanted; i++) {
        request->wanted[i]->mark = DEPENDS;
    }
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        assay_onnx_node *node = graph->nodes[i];
        bool on = any_input(node, DEPENDS) && passes(node, request->steps);
        for (int32_t k = 0; on && k < node->n_out; k++) {
            /* Further outputs that are whole numbers are places (TopK, MaxPool), which have no slope. */
            if (node->out[k] != NULL && (k == 0 || node->out[k]->type == 0 ||
                                         assay_onnx_type_is_float(node->out[k]->type))) {
                node->out[k]->mark |= DEPENDS;
            }
        }
    }
    for (int32_t i = 0; i < request->n_outputs; i++) {
        request->outputs[i]->mark |= LEADS;
    }
    for (int32_t i = graph->n_nodes; i-- > 0;) {
        assay_onnx_node *node = graph->nodes[i];
        bool on = any_output(node, LEADS);
        node->mark = on && any_input(node, DEPENDS) && passes(node, request->steps);
        for (int32_t k = 0; on && k < node->n_in; k++) {
            if (node->in[k] != NULL) {
                node->in[k]->mark |= LEADS;
            }
        }
    }
}

static assay_status list_steps(assay_onnx_names *by_policy, assay_onnx_graph *graph, int32_t n,
                               assay_error *err)
{
    for (int32_t i = 0; i < n; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        const onnx_vjp_rule *rule = onnx_vjp_find(node);
        if (rule != NULL && is_step(node, rule) && any_input(node, DEPENDS) &&
            any_output(node, LEADS)) {
            ASSAY_TRY(note(by_policy, graph, node, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_onnx_gradient_blockers(assay_onnx_names *without_rule,
                                          assay_onnx_names *by_policy, assay_onnx_graph *graph,
                                          const assay_onnx_gradient_request *request,
                                          assay_error *err)
{
    mark_way(graph, request);
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        if (node->mark != 0 && onnx_vjp_find(node) == NULL) {
            ASSAY_TRY(note(without_rule, graph, node, err));
        }
    }
    return list_steps(by_policy, graph, graph->n_nodes, err);
}

assay_status assay_onnx_gradient_flat(assay_onnx_names *flat, assay_onnx_graph *graph,
                                      const assay_onnx_gradient_request *request, assay_error *err)
{
    mark_way(graph, request);
    for (int32_t i = 0; i < request->n_outputs; i++) {
        if ((request->outputs[i]->mark & DEPENDS) != 0) {
            return ASSAY_OK;
        }
    }
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        bool ends = !assay_onnx_is(node, "Shape") && !assay_onnx_is(node, "Size") &&
                    !passes(node, request->steps);
        if (ends && any_input(node, DEPENDS) && any_output(node, LEADS)) {
            ASSAY_TRY(note(flat, graph, node, err));
        }
    }
    return ASSAY_OK;
}

static void contribute(assay_onnx_build *b, assay_onnx_value *value, assay_onnx_value *gradient)
{
    pending *all = value->pass;
    if (b->status != ASSAY_OK) {
        return;
    }
    if (all == NULL) {
        all = assay_arena_alloc(b->graph->arena, 1, sizeof *all);
        value->pass = all;
    }
    assay_onnx_value **parts = all != NULL
                                   ? assay_onnx_grow(b->graph->arena, all->parts, all->n,
                                                     &all->capacity, sizeof(assay_onnx_value *))
                                   : NULL;
    if (parts == NULL) {
        b->status = assay_fail_memory(b->err);
        return;
    }
    all->parts = parts;
    all->parts[all->n++] = gradient;
    all->given++;
}

/* The sum of what was contributed; NULL when nothing was. */
static assay_onnx_value *collect(assay_onnx_build *b, assay_onnx_value *value)
{
    pending *all = value->pass;
    if (all == NULL || b->status != ASSAY_OK) {
        return NULL;
    }
    bool blocked = false;
    for (int32_t i = 0; all->n > 1 && i < all->n; i++) {
        blocked = blocked || onnx_is_blocked(all->parts[i]);
    }
    for (int32_t i = 0; blocked && i < all->n; i++) {
        all->parts[i] = onnx_blocked(b, all->parts[i]);
    }
    if (all->n == 2) {
        all->parts[0] = onnx_2(b, "Add", all->parts[0], all->parts[1]);
    } else if (all->n > 2) {
        all->parts[0] = onnx_emit(b, "Sum", all->n, all->parts, 0, NULL, 1);
    }
    all->n = 1;
    return all->parts[0];
}

bool onnx_want(const onnx_vjp *v, int32_t i)
{
    const assay_onnx_value *x = assay_onnx_in(v->node, i);
    return v->b.status == ASSAY_OK && x != NULL && (x->mark & DEPENDS) != 0;
}

void onnx_refuse(onnx_vjp *v, const char *why)
{
    onnx_fail(&v->b, ASSAY_EUNSUPPORTED, "%s", why);
}

void onnx_refuse_wanted(onnx_vjp *v, int32_t i)
{
    if (onnx_want(v, i)) {
        onnx_refuse(v, "one of its inputs that depends on the data has no gradient rule");
    }
}

void onnx_give(onnx_vjp *v, int32_t i, assay_onnx_value *gradient)
{
    if (!onnx_want(v, i) || gradient == NULL) {
        return;
    }
    assay_onnx_value *x = v->node->in[i];
    bool fits = gradient->rank == x->rank;
    for (int32_t d = 0; fits && d < x->rank; d++) {
        fits = gradient->shape[d] == x->shape[d];
    }
    if (!fits) {
        onnx_fail(&v->b, ASSAY_EINTERNAL, "its gradient has the wrong shape");
        return;
    }
    contribute(&v->b, x,
               assay_onnx_type_is_float(x->type) ? onnx_cast(&v->b, gradient, x->type) : gradient);
}

void onnx_give_gated(onnx_vjp *v, int32_t i, assay_onnx_value *gradient)
{
    onnx_give(v, i, gradient);
    if (onnx_want(v, i) && gradient != NULL) {
        ((pending *)v->node->in[i]->pass)->gated++;
    }
}

bool onnx_is_gated(const onnx_vjp *v)
{
    const pending *all = v->node->out[0]->pass;
    return all != NULL && all->gated == all->given;
}

assay_onnx_value *onnx_gradient_of(onnx_vjp *v, int32_t i)
{
    assay_onnx_value *out = assay_onnx_out(v->node, i);
    return out != NULL ? collect(&v->b, out) : NULL;
}

static bool shapes_known(const assay_onnx_node *node)
{
    for (int32_t i = 0; i < node->n_in; i++) {
        if (node->in[i] != NULL && !assay_onnx_is_static(node->in[i])) {
            return false;
        }
    }
    return node->out[0] == NULL || assay_onnx_is_static(node->out[0]);
}

static void differentiate(onnx_vjp *v)
{
    const onnx_vjp_rule *rule = onnx_vjp_find(v->node);
    const char *text = NULL;
    bool any = false;
    bool further = false; /* also of outputs that only rules of their own know of */
    bool knows = assay_onnx_is(v->node, "Split") || assay_onnx_is(v->node, "Attention") ||
                 assay_onnx_is(v->node, "LayerNormalization");
    for (int32_t i = 0; i < v->node->n_out; i++) {
        bool given = v->node->out[i] != NULL && v->node->out[i]->pass != NULL;
        any = any || given;
        further = further ||
                  (given && i > 0 && !knows && assay_onnx_type_is_float(v->node->out[i]->type));
    }
    if (!any) {
        return;
    }
    v->dy = onnx_gradient_of(v, 0);
    if (v->b.status != ASSAY_OK) {
        return;
    }
    if (rule == NULL) {
        onnx_refuse(v, "has no gradient rule: cut the model before it, or use attacks that need "
                       "scores only");
    } else if (v->node->subgraphs) {
        onnx_refuse(v, "has sub-graphs, which are not differentiated");
    } else if (!shapes_known(v->node)) {
        onnx_refuse(v, "has inputs whose shapes depend on the data");
    } else if (further || (v->dy == NULL && strcmp(v->node->op, "Split") != 0)) {
        onnx_refuse(v, "is used by an output that has no gradient rule");
    } else {
        rule->fn(v);
    }
    if (v->b.status != ASSAY_OK && v->b.status != ASSAY_ENOMEM) {
        text = assay_onnx_node_text(v->b.graph, v->node);
        assay_error_prefix(v->b.err, "node %s", text);
    }
}

assay_status assay_onnx_gradient_refuse(const assay_onnx_graph *graph, const assay_onnx_value *out,
                                        assay_error *err)
{
    if (out->type != 0 && !assay_onnx_type_is_float(out->type)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "output \"%.200s\" is not of real numbers",
                          out->name);
    }
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        bool known = true;
        for (int32_t k = 0; k < node->n_in; k++) {
            known = known && (node->in[k] == NULL || assay_onnx_is_static(node->in[k]));
        }
        if (known && node->n_out > 0 && node->out[0] != NULL &&
            !assay_onnx_is_static(node->out[0])) {
            return assay_fail(
                err, ASSAY_EUNSUPPORTED,
                "the shape of output \"%.200s\" is not known: that of node %s is not%s", out->name,
                assay_onnx_node_text(graph, node),
                node->subgraphs ? ", which has sub-graphs: cut the model before it, "
                                  "or use attacks that need scores only"
                                : "");
        }
    }
    return assay_fail(err, ASSAY_EUNSUPPORTED,
                      "output \"%.200s\" is not of real numbers of a known shape", out->name);
}

assay_status assay_onnx_gradient(assay_onnx_value **gradients, assay_onnx_names *by_policy,
                                 assay_onnx_graph *graph,
                                 const assay_onnx_gradient_request *request, assay_error *err)
{
    onnx_vjp v = {.b = {.graph = graph, .err = err}, .steps = request->steps};
    int32_t n = graph->n_nodes;
    mark_way(graph, request);
    ASSAY_TRY(list_steps(by_policy, graph, n, err));
    for (int32_t i = 0; i < n; i++) {
        onnx_note_layout(graph->nodes[i]);
    }
    for (int32_t i = 0; i < request->n_outputs; i++) {
        assay_onnx_value *out = request->outputs[i];
        if (!assay_onnx_is_static(out) || !assay_onnx_type_is_float(out->type)) {
            return assay_onnx_gradient_refuse(graph, out, err);
        }
        contribute(&v.b, out, onnx_expand_like(&v.b, onnx_real(&v.b, out->type, 1.0), out));
    }
    for (int32_t i = n; i-- > 0 && v.b.status == ASSAY_OK;) {
        v.node = graph->nodes[i];
        if (v.node->mark != 0) {
            differentiate(&v);
        }
    }
    for (int32_t i = 0; i < request->n_wanted && v.b.status == ASSAY_OK; i++) {
        gradients[i] = collect(&v.b, request->wanted[i]);
        if (gradients[i] == NULL && v.b.status == ASSAY_OK) {
            gradients[i] = onnx_zeros_like(&v, request->wanted[i]);
        }
    }
    return v.b.status;
}

const char *assay_onnx_gradient_operator(int32_t i)
{
    int32_t n = 0;
    int32_t seen = 0;
    const onnx_vjp_rule *rules = onnx_vjp_all(&n);
    for (int32_t k = 0; k < n; k++) {
        if (rules[k].kind == ONNX_VJP_SMOOTH && seen++ == i) {
            return rules[k].op;
        }
    }
    return NULL;
}
