#include "stats/special.h"

#include <algorithm>
#include <cmath>
#include <limits>

/* Doubles are evaluated in long double and rounded once at the end. Errors are values, not
 * exceptions; what Boost throws all the same (a series that does not converge) ends in `guarded`. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace
{

namespace policies = boost::math::policies;

using policy = policies::policy<
    policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
    policies::overflow_error<policies::ignore_error>,
    policies::underflow_error<policies::ignore_error>,
    policies::denorm_error<policies::ignore_error>,
    policies::rounding_error<policies::ignore_error>,
    policies::evaluation_error<policies::ignore_error>,
    policies::indeterminate_result_error<policies::ignore_error>, policies::promote_double<true>>;

using wide = long double;

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

bool shape_ok(double a, double b)
{
    return a > 0.0 && b > 0.0 && std::isfinite(a) && std::isfinite(b);
}

bool unit(double p)
{
    return p >= 0.0 && p <= 1.0;
}

bool positive(double a)
{
    return a > 0.0 && std::isfinite(a);
}

bool ratio_ok(double u, double v)
{
    return u >= 0.0 && v >= 0.0 && u + v > 0.0 && (std::isfinite(u) || std::isfinite(v));
}

/* ln p where p is the smaller of two complements; beyond one half the other one keeps the digits. */
template <typename Function, typename Complement>
wide log_of(Function function, Complement complement)
{
    wide p = function();
    return p > 0.5L ? std::log1p(-complement()) : std::log(p);
}

/* I_x(a, b) at x = u / (u + v), from whichever of x and 1 - x is the smaller. */
wide ibeta_ratio(wide a, wide b, wide u, wide v)
{
    if (std::isinf(u) || v == 0) {
        return 1;
    }
    if (std::isinf(v) || u == 0) {
        return 0;
    }
    /* divided by the larger: neither the sum nor a product of it can overflow */
    wide ratio = u <= v ? u / v : v / u;
    wide small = ratio / (1 + ratio);
    return u <= v ? boost::math::ibeta(a, b, small, policy())
                  : boost::math::ibetac(b, a, small, policy());
}

template <typename Function> double guarded(bool domain, Function function) noexcept
{
    if (!domain) {
        return undefined;
    }
    try {
        return static_cast<double>(function());
    } catch (...) {
        return undefined;
    }
}

} // namespace

extern "C" double assay_beta_inc(double a, double b, double x)
{
    return guarded(shape_ok(a, b) && unit(x), [=] {
        return boost::math::ibeta(a, b, x, policy());
    });
}

extern "C" double assay_beta_inc_upper(double a, double b, double x)
{
    return guarded(shape_ok(a, b) && unit(x), [=] {
        return boost::math::ibetac(a, b, x, policy());
    });
}

extern "C" double assay_beta_inc_inverse(double a, double b, double p)
{
    return guarded(shape_ok(a, b) && unit(p), [=] {
        return boost::math::ibeta_inv(a, b, p, policy());
    });
}

extern "C" double assay_beta_inc_upper_inverse(double a, double b, double q)
{
    return guarded(shape_ok(a, b) && unit(q), [=] {
        return boost::math::ibetac_inv(a, b, q, policy());
    });
}

extern "C" double assay_beta_density(double a, double b, double x)
{
    return guarded(shape_ok(a, b) && unit(x), [=] {
        return boost::math::ibeta_derivative(a, b, x, policy());
    });
}

extern "C" double assay_beta_inc_log(double a, double b, double x)
{
    return guarded(shape_ok(a, b) && unit(x), [=] {
        return log_of(
            [=] {
                return boost::math::ibeta(wide(a), wide(b), wide(x), policy());
            },
            [=] {
                return boost::math::ibetac(wide(a), wide(b), wide(x), policy());
            });
    });
}

extern "C" double assay_beta_inc_upper_log(double a, double b, double x)
{
    return guarded(shape_ok(a, b) && unit(x), [=] {
        return log_of(
            [=] {
                return boost::math::ibetac(wide(a), wide(b), wide(x), policy());
            },
            [=] {
                return boost::math::ibeta(wide(a), wide(b), wide(x), policy());
            });
    });
}

extern "C" double assay_beta_inc_ratio(double a, double b, double u, double v)
{
    return guarded(shape_ok(a, b) && ratio_ok(u, v), [=] {
        return ibeta_ratio(a, b, u, v);
    });
}

extern "C" double assay_beta_inc_ratio_log(double a, double b, double u, double v)
{
    return guarded(shape_ok(a, b) && ratio_ok(u, v), [=] {
        return log_of(
            [=] {
                return ibeta_ratio(a, b, u, v);
            },
            [=] {
                return ibeta_ratio(b, a, v, u);
            });
    });
}

extern "C" double assay_beta_inc_odds(double a, double b, double p)
{
    return guarded(shape_ok(a, b) && unit(p), [=] {
        wide rest = 0;
        wide x = boost::math::ibeta_inv(wide(a), wide(b), wide(p), &rest, policy());
        return x / rest;
    });
}

extern "C" double assay_gamma_inc(double a, double x)
{
    return guarded(positive(a) && x >= 0.0, [=] {
        return std::isinf(x) ? 1.0 : boost::math::gamma_p(a, x, policy());
    });
}

extern "C" double assay_gamma_inc_upper(double a, double x)
{
    return guarded(positive(a) && x >= 0.0, [=] {
        return std::isinf(x) ? 0.0 : boost::math::gamma_q(a, x, policy());
    });
}

extern "C" double assay_gamma_inc_log(double a, double x)
{
    return guarded(positive(a) && x >= 0.0 && std::isfinite(x), [=] {
        return log_of(
            [=] {
                return boost::math::gamma_p(wide(a), wide(x), policy());
            },
            [=] {
                return boost::math::gamma_q(wide(a), wide(x), policy());
            });
    });
}

extern "C" double assay_gamma_inc_upper_log(double a, double x)
{
    return guarded(positive(a) && x >= 0.0 && std::isfinite(x), [=] {
        return log_of(
            [=] {
                return boost::math::gamma_q(wide(a), wide(x), policy());
            },
            [=] {
                return boost::math::gamma_p(wide(a), wide(x), policy());
            });
    });
}

extern "C" double assay_gamma_inc_inverse(double a, double p)
{
    return guarded(positive(a) && unit(p), [=] {
        return p == 1.0 ? std::numeric_limits<wide>::infinity()
                        : boost::math::gamma_p_inv(wide(a), wide(p), policy());
    });
}

extern "C" double assay_gamma_inc_upper_inverse(double a, double q)
{
    return guarded(positive(a) && unit(q), [=] {
        return q == 0.0 ? std::numeric_limits<wide>::infinity()
                        : boost::math::gamma_q_inv(wide(a), wide(q), policy());
    });
}

extern "C" double assay_log_gamma(double x)
{
    return guarded(positive(x), [=] {
        return boost::math::lgamma(wide(x), policy());
    });
}

extern "C" long double assay_stirling_error(double n)
{
    if (!positive(n)) {
        return undefined;
    }
    wide x = n;
    if (x < 16) {
        constexpr wide half_log_two_pi = 0.918938533204672741780329736405617639861L;
        try {
            return boost::math::lgamma(x + 1, policy()) - (x + 0.5L) * std::log(x) + x -
                   half_log_two_pi;
        } catch (...) {
            return undefined;
        }
    }
    /* Bernoulli numbers over 2k (2k - 1); the next term is below 2e-20 at x = 16 */
    constexpr wide terms[] = {1.0L / 12,         -1.0L / 360,        1.0L / 1260, -1.0L / 1680,
                              1.0L / 1188,       -691.0L / 360360,   1.0L / 156,  -3617.0L / 122400,
                              43867.0L / 244188, -174611.0L / 125400};
    wide square = 1 / (x * x);
    wide sum = 0;
    for (int i = 9; i >= 0; i--) {
        sum = sum * square + terms[i];
    }
    return sum / x;
}

/* ln B = ln G(a) + ln G(b) - ln G(a + b) with Stirling's formula divided out:
 * B = sqrt(2 pi (a + b) / (a b)) (a / s)^a (b / s)^b exp(e(a) + e(b) - e(s)), s = a + b. */
extern "C" double assay_log_beta(double a, double b)
{
    return guarded(shape_ok(a, b) && std::isfinite(a + b), [=] {
        constexpr wide half_log_two_pi = 0.918938533204672741780329736405617639861L;
        wide s = wide(a) + b;
        wide low = std::min(a, b);
        wide high = std::max(a, b);
        wide errors = assay_stirling_error(a) + assay_stirling_error(b) -
                      assay_stirling_error(static_cast<double>(s));
        return half_log_two_pi + 0.5L * (std::log(s) - std::log(low) - std::log(high)) +
               low * std::log(low / s) + high * std::log1p(-low / s) + errors;
    });
}
