"""The table of primitives: forward computation, derivative rules, browser kernel's name, one row each.

A rule takes the gradient g of the loss with respect to the result y, then y and the inputs, and returns the gradient
with respect to one input. Rules are written in operations of this very table, so that they run raw on arrays, are
recorded on Tensors (hence Hessians), and can be exported (hence training in the browser).
"""

# isort: off
from ..box import TABLE
from . import dispatch
from .elementwise import absolute, add, cos, divide, equal, erf, exp, expm1, greater, greater_equal, less, less_equal
from .elementwise import log, log1p, logistic, maximum, minimum, multiply, negative, not_equal, power, relu, rint, sign
from .elementwise import sin, softplus, sqrt, square, subtract, tanh, where
from .products import cross_entropy, linear, matmul
from .reductions import broadcast_to, logsumexp, max, mean, norm, softmax, sum
from .shapes import concatenate, getitem, reshape, stack, take, transpose
