#include "CStress.h"
