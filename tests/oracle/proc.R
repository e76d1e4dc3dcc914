#!/usr/bin/env Rscript
# Golden values of areas under ROC curves from pROC. Writes tests/golden/proc.txt.
#
# Pinned: R 4.2.2, pROC 1.18.0 (X. Robin et al., BMC Bioinformatics 12 (2011)).
#
#     Rscript tests/oracle/proc.R
#
# A line is: name count argument... value; the arguments are seed, rows, levels of the scores (few levels
# make many ties) and, where there is one, a level of confidence or a false positive rate. The data come
# from the generator of stats_common.py, so that both sides make the same.
#
# Where pROC has other habits than Assay, and what is done about it here:
# - pROC turns the curve round when controls have the higher scores (direction = "auto"); Assay never
#   does: a higher score speaks for the class. direction = "<" is given.
# - Partial areas are over specificities from 1 - max_fpr to 1 in pROC. Corrected, they are McClish's on
#   both sides; pROC gives NA below the diagonal, Assay the number.
# - ci.auc is normal and cut to [0, 1]; Assay's interval of ROC AUC is on the logit scale unless the plain
#   one is asked for (delong: logit=false).
# - roc.test is two-sided and normal on both sides; of equal curves pROC says NaN, Assay p = 1.

suppressMessages(library(pROC))
stopifnot(packageVersion("pROC") == "1.18.0", getRversion() >= "4.2.0")

lines <- character(0)
add <- function(name, arguments, value) {
    numbers <- sprintf("%.17g", c(arguments, value))
    lines[[length(lines) + 1]] <<- paste(c(name, length(arguments), numbers), collapse = " ")
}

# (1103515245 state + 12345) mod 2^31 in two halves, so that a double holds every product
maker <- function(seed) {
    state <- seed
    function(limit) {
        high <- (state * 16838) %% 2^31
        state <<- ((high * 65536) %% 2^31 + state * 20077 + 12345) %% 2^31
        (state %/% 256) %% limit
    }
}

data_of <- function(seed, n, levels) {
    draw <- maker(seed)
    p <- a <- b <- numeric(n)
    for (i in seq_len(n)) {
        p[i] <- as.numeric(draw(3) == 0)
        common <- draw(levels)
        a[i] <- common + draw(levels) + p[i] * draw(levels)
        b[i] <- common + draw(levels) + p[i] * draw(2 * levels)
    }
    list(p = p, a = a, b = b)
}

for (case in list(c(101, 30, 3), c(102, 80, 5), c(103, 200, 1000), c(104, 400, 20), c(105, 1500, 100000))) {
    d <- data_of(case[1], case[2], case[3])
    a <- roc(d$p, d$a, direction = "<", levels = c(0, 1))
    b <- roc(d$p, d$b, direction = "<", levels = c(0, 1))
    add("proc_auc_a", case, auc(a))
    add("proc_auc_b", case, auc(b))
    add("proc_var_a", case, var(a))
    add("proc_var_b", case, var(b))
    add("proc_cov", case, cov(a, b))
    for (level in c(0.8, 0.95, 0.99)) {
        interval <- ci.auc(a, conf.level = level, method = "delong")
        add("proc_ci_low", c(case, level), interval[1])
        add("proc_ci_high", c(case, level), interval[3])
    }
    add("proc_paired_p", case, roc.test(a, b, method = "delong", paired = TRUE)$p.value)
    for (most in c(0.05, 0.1, 0.25, 0.5)) {
        limits <- c(1, 1 - most)
        corrected <- auc(b, partial.auc = limits, partial.auc.correct = TRUE)
        if (!is.na(corrected)) {
            add("proc_partial", c(case, most), corrected)
        }
    }
}
path <- file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))),
                  "..", "golden", "proc.txt")
writeLines(c("# written by oracle/proc.R: R 4.2.2, pROC 1.18.0", lines), path)
