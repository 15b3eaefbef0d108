"""Explorables: the package's own computations, moved by the reader's hand."""

from .activations import Activations
from .averages import Averages
from .back_propagation import BackPropagation
from .bias_variance import BiasVariance
from .bumps import Bumps
from .challenges import Challenge
from .curves import Curves
from .depth import Depth
from .descent import Descent
from .dying_units import DyingUnits
from .escape import Escape
from .explorable import Explorable
from .fit_line import FitLine
from .gradient_check import GradientCheck
from .graph_steps import GraphSteps
from .initialisation import Initialisation
from .line_search import LineSearch
from .newton_descent import NewtonDescent
from .noise import Noise
from .noisy import NoisyDescent
from .panels import Show
from .penalty import Penalty
from .playground import Playground
from .quadratic_model import QuadraticModel
from .question import Question
from .race import Race
from .radial_basis import RadialBasis
from .rates import Rates
from .retrain import Retrain
from .schedules import Schedules

__all__ = [
    "Activations",
    "Averages",
    "BackPropagation",
    "BiasVariance",
    "Bumps",
    "Challenge",
    "Curves",
    "Depth",
    "Descent",
    "DyingUnits",
    "Escape",
    "Explorable",
    "FitLine",
    "GradientCheck",
    "GraphSteps",
    "Initialisation",
    "LineSearch",
    "NewtonDescent",
    "Noise",
    "NoisyDescent",
    "Penalty",
    "Playground",
    "QuadraticModel",
    "Question",
    "Race",
    "RadialBasis",
    "Rates",
    "Retrain",
    "Schedules",
    "Show",
]
