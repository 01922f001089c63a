"""Rules that move weights along gradients: each is a row of `OPTIMIZERS`, and `update` takes a step by any of them."""
from toolkit.optimizers import adam as _adam
from toolkit.optimizers import lion as _lion
from toolkit.optimizers import settings as _settings
from toolkit.optimizers import sgd as _sgd
from toolkit.optimizers import step as _step
from toolkit.optimizers import table as _table
from toolkit.optimizers import wrappers as _wrappers
from toolkit.optimizers.adam import *
from toolkit.optimizers.lion import *
from toolkit.optimizers.settings import *
from toolkit.optimizers.sgd import *
from toolkit.optimizers.step import *
from toolkit.optimizers.table import *
from toolkit.optimizers.wrappers import *

__all__ = [*_adam.__all__, *_lion.__all__, *_settings.__all__, *_sgd.__all__, *_step.__all__, *_table.__all__,
           *_wrappers.__all__]
