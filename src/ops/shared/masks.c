#include "ops/shared/masks.h"

static const char *const groups[] = {"all", "things", "stuff", NULL};

const assay_param assay_masks_group_params[ASSAY_MASKS_GROUP] = {
    ASSAY_CHOICE(assay_masks_group, classes, 0, groups,
                 "of which classes the mean is: all, countable things, or stuff (sky, road)"),
};
