"""Distribution functions as kernels: normal and Student's t, and the normal's inverse."""

import math

from market.kernel import kernel

ROOT_HALF = math.sqrt(0.5)
ROOT_PI = math.sqrt(math.pi)
FARTHEST_Z = 8.2  # where a probability can no longer be told from 0 or 1
MANY = 60.0  # degrees of freedom above which Hill's expansion is right to 1e-11
FEW = 20.0
STEPS = 200  # of a continued fraction, at most; it needs some dozens
ENOUGH = 1e-15
TINY = 1e-300


@kernel
def normal_cdf(x: float) -> float:
    """Return the probability that a standard normal is below x, right to 1e-15 of the whole (not of a far tail)."""
    return 0.5 + 0.5 * math.erf(x * ROOT_HALF)


@kernel
def normal_quantile(u: float) -> float:
    """Return the x that a standard normal is below with probability u, from -8.2 to 8.2: Wichura (1988), AS 241."""
    q = u - 0.5
    if abs(q) <= 0.425:
        return q * _middle(0.180625 - q * q)
    tail = 0.5 - abs(q)
    if q < 0.0:
        tail = u
    x = FARTHEST_Z
    if tail > 0.0:
        r = math.sqrt(-math.log(tail))
        x = _flank(r - 1.6) if r <= 5.0 else _tail(r - 5.0)
    if x > FARTHEST_Z:
        x = FARTHEST_Z
    if q < 0.0:
        return -x
    return x


@kernel
def _middle(r: float) -> float:
    """Return q times this: the quantile of 0.5 + q for |q| to 0.425, r = 0.180625 - q * q."""
    over = 2509.0809287301227 * r + 33430.57558358813
    over = (over * r + 67265.7709270087) * r + 45921.95393154987
    over = (over * r + 13731.69376550946) * r + 1971.5909503065513
    over = (over * r + 133.14166789178438) * r + 3.3871328727963665
    under = 5226.495278852854 * r + 28729.085735721943
    under = (under * r + 39307.89580009271) * r + 21213.794301586597
    under = (under * r + 5394.196021424751) * r + 687.1870074920579
    under = (under * r + 42.31333070160091) * r + 1.0
    return over / under


@kernel
def _flank(r: float) -> float:
    """Return the distance of a tail of e^-(r + 1.6)^2, for a tail from e^-25 to 0.075."""
    over = 0.0007745450142783414 * r + 0.022723844989269184
    over = (over * r + 0.2417807251774506) * r + 1.2704582524523684
    over = (over * r + 3.6478483247632045) * r + 5.769497221460691
    over = (over * r + 4.630337846156546) * r + 1.4234371107496835
    under = 1.0507500716444169e-09 * r + 0.0005475938084995345
    under = (under * r + 0.015198666563616457) * r + 0.14810397642748008
    under = (under * r + 0.6897673349851) * r + 1.6763848301838038
    under = (under * r + 2.053191626637759) * r + 1.0
    return over / under


@kernel
def _tail(r: float) -> float:
    """Return the distance of a tail of e^-(r + 5)^2, for a tail below e^-25."""
    over = 2.0103343992922881e-07 * r + 2.7115555687434876e-05
    over = (over * r + 0.0012426609473880784) * r + 0.026532189526576124
    over = (over * r + 0.29656057182850487) * r + 1.7848265399172913
    over = (over * r + 5.463784911164114) * r + 6.657904643501103
    under = 2.0442631033899397e-15 * r + 1.421511758316446e-07
    under = (under * r + 1.8463183175100548e-05) * r + 0.0007868691311456133
    under = (under * r + 0.014875361290850615) * r + 0.1369298809227358
    under = (under * r + 0.599832206555888) * r + 1.0
    return over / under


@kernel
def gamma_ratio(x: float) -> float:
    """Return Gamma(x + 1/2) / Gamma(x), x > 0, right to 1e-14: its asymptotic series, where x has been made large."""
    below = 1.0
    for _ in range(int(FEW)):
        if x < FEW:
            below = below * x / (x + 0.5)
            x = x + 1.0
    r = 1.0 / x
    series = 1.0 + r * (-1.0 / 8.0 + r * (1.0 / 128.0 + r * (5.0 / 1024.0 - r * (21.0 / 32768.0))))
    series = series + r * r * r * r * r * (-399.0 / 262144.0 + r * (869.0 / 4194304.0 + r * (39325.0 / 33554432.0)))
    return below * math.sqrt(x) * series


@kernel
def student_cdf(t: float, dof: float) -> float:
    """Return the probability that Student's t of `dof` degrees of freedom is below t, right to 1e-10 of the whole."""
    if dof > MANY:
        return normal_cdf(_normal_of_student(t, dof))
    square = t * t
    near = square / (dof + square)
    if near < 1.5 / (0.5 * dof + 2.5):
        half = 0.5 * _beta(0.5, 0.5 * dof, near)
        if t < 0.0:
            return 0.5 - half
        return 0.5 + half
    tail = 0.5 * _beta(0.5 * dof, 0.5, dof / (dof + square))
    if t < 0.0:
        return tail
    return 1.0 - tail


@kernel
def _normal_of_student(t: float, dof: float) -> float:
    """Return the normal deviate as far out as t: Hill (1970), algorithm 395."""
    a = dof - 0.5
    b = 48.0 * a * a
    part = t * t / dof
    seen = (1.0 + part) - 1.0  # what of it is left beside 1: the quotient makes up for what is lost
    square = a * part
    if seen > 0.0:
        square = a * math.log(1.0 + part) * (part / seen)
    inner = (((-0.4 * square - 3.3) * square - 24.0) * square - 85.5) / (0.8 * square * square + 100.0 + b)
    z = ((inner + square + 3.0) / b + 1.0) * math.sqrt(square)
    if t < 0.0:
        return -z
    return z


@kernel
def _beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function, one of a and b being 1/2, by Lentz's continued fraction."""
    if x <= 0.0:
        return 0.0
    ratio = gamma_ratio(a)
    if a == 0.5:
        ratio = gamma_ratio(b)
    c, d = 1.0, _away(1.0 - (a + b) * x / (a + 1.0))
    d = 1.0 / d
    fraction = d
    for m in range(1, STEPS):
        even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        d = 1.0 / _away(1.0 + even * d)
        c = _away(1.0 + even / c)
        fraction = fraction * d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        d = 1.0 / _away(1.0 + odd * d)
        c = _away(1.0 + odd / c)
        fraction = fraction * d * c
        if abs(d * c - 1.0) < ENOUGH:
            break
    return math.exp(a * math.log(x) + b * math.log(1.0 - x)) * ratio / (ROOT_PI * a) * fraction


@kernel
def _away(x: float) -> float:
    """Return x, but not nearer to 0 than one can divide by."""
    if abs(x) < TINY:
        return TINY
    return x
