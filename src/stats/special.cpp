#include "stats/special.h"

#include <cmath>
#include <limits>

/* Doubles are evaluated in long double inside and rounded once at the end. Errors are values, not
 * exceptions; what Boost throws all the same (a series that does not converge) ends in `guarded`. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>
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

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

bool shape_ok(double a, double b)
{
    return a > 0.0 && b > 0.0 && std::isfinite(a) && std::isfinite(b);
}

bool unit(double p)
{
    return p >= 0.0 && p <= 1.0;
}

template <typename Function> double guarded(bool domain, Function function) noexcept
{
    if (!domain) {
        return undefined;
    }
    try {
        return function();
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
