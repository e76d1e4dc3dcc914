#include "stats/rates.h"

#include "stats/bootstrap.h"
#include "stats/check.h"
#include "stats/intervals.h"

static const double least_alpha = 1e-12;

/* Smallest rank s with P(Bin(n, limit) >= s) <= alpha; n + 1 when there is none. */
static assay_status upper_rank(int64_t *rank, int64_t n, double limit, double alpha,
                               assay_error *err)
{
    *rank = 1; /* nothing is expected beyond a limit of 0 */
    return limit > 0.0 ? assay_quantile_upper_rank(rank, n, limit, alpha, err) : ASSAY_OK;
}

/* Largest rank r with P(Bin(n, limit) < r) <= alpha; 0 when there is none. */
static assay_status lower_rank(int64_t *rank, int64_t n, double limit, double alpha,
                               assay_error *err)
{
    *rank = 0;
    return limit > 0.0 ? assay_quantile_lower_rank(rank, n, limit, alpha, err) : ASSAY_OK;
}

assay_status assay_rate_window(int64_t *first, int64_t *last, int64_t limiting, double limit,
                               assay_error *err)
{
    ASSAY_TRY(lower_rank(first, limiting, limit, least_alpha, err));
    ASSAY_TRY(upper_rank(last, limiting, limit, least_alpha, err));
    *first = *first > 1 ? *first : 1;
    *last = *last < limiting ? *last : limiting;
    return ASSAY_OK;
}

assay_status assay_rate_interval(double *low, double *high, const assay_rate_ranks *ranks,
                                 double alpha_low, double alpha_high, assay_error *err)
{
    double unused = 0.0;
    int64_t rank = 0;
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(assay_check_alphas("interval of a rate", alpha_low, alpha_high, err));
    int64_t last = ranks->first + ranks->n - 1;
    if (alpha_low / 2.0 >= least_alpha) {
        ASSAY_TRY(lower_rank(&rank, ranks->limiting, ranks->limit, alpha_low / 2.0, err));
        if (rank >= ranks->first && rank <= last) {
            ASSAY_TRY(assay_clopper_pearson(low, &unused, ranks->before[rank - ranks->first],
                                            ranks->counted, alpha_low / 2.0, 0.0, err));
        }
    }
    if (alpha_high / 2.0 >= least_alpha) {
        ASSAY_TRY(upper_rank(&rank, ranks->limiting, ranks->limit, alpha_high / 2.0, err));
        if (rank >= ranks->first && rank <= last) {
            ASSAY_TRY(assay_clopper_pearson(&unused, high, ranks->until[rank - ranks->first],
                                            ranks->counted, 0.0, alpha_high / 2.0, err));
        }
    }
    return ASSAY_OK;
}
