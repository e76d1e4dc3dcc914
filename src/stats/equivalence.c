#include "stats/equivalence.h"

#include <math.h>

#include "stats/check.h"
#include "stats/continuous.h"
#include "stats/normal.h"
#include "stats/paired.h"

static void combine(assay_equivalence *out)
{
    out->equivalent = fmax(out->not_inferior, out->not_superior);
}

assay_status assay_equivalence_estimate(assay_equivalence *out, double difference, double se,
                                        double df, double margin, assay_error *err)
{
    *out = (assay_equivalence){1.0, 1.0, 1.0};
    ASSAY_TRY(assay_check_positive("equivalence", "the margin", margin, err));
    if (!(se >= 0.0) || isinf(se) || !isfinite(difference) || !(df > 0.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "equivalence: difference %g, standard error %g and %g degrees of freedom "
                          "make no sense",
                          difference, se, df);
    }
    double above = difference + margin;
    double below = difference - margin;
    if (se > 0.0) {
        out->not_inferior = assay_t_sf(above / se, df);
        out->not_superior = assay_t_cdf(below / se, df);
    } else {
        out->not_inferior = above > 0.0 ? 0.0 : 1.0;
        out->not_superior = below < 0.0 ? 0.0 : 1.0;
    }
    combine(out);
    return ASSAY_OK;
}

assay_status assay_equivalence_proportions(assay_equivalence *out, const assay_two_counts *counts,
                                           double margin, assay_error *err)
{
    *out = (assay_equivalence){1.0, 1.0, 1.0};
    double z = 0.0;
    ASSAY_TRY(assay_check_open_unit("equivalence", "the margin", margin, err));
    ASSAY_TRY(assay_score_difference_z(&z, counts, -margin, false, err));
    out->not_inferior = assay_normal_sf(z);
    ASSAY_TRY(assay_score_difference_z(&z, counts, margin, false, err));
    out->not_superior = assay_normal_cdf(z);
    combine(out);
    return ASSAY_OK;
}

assay_status assay_equivalence_paired(assay_equivalence *out, int64_t b, int64_t c, int64_t n,
                                      double margin, assay_error *err)
{
    *out = (assay_equivalence){1.0, 1.0, 1.0};
    double z = 0.0;
    ASSAY_TRY(assay_check_open_unit("equivalence", "the margin", margin, err));
    ASSAY_TRY(assay_tango_z(&z, b, c, n, -margin, err));
    out->not_inferior = assay_normal_sf(z);
    ASSAY_TRY(assay_tango_z(&z, b, c, n, margin, err));
    out->not_superior = assay_normal_cdf(z);
    combine(out);
    return ASSAY_OK;
}
