// SPDX-License-Identifier: BSL-1.0
// The testing room's umbrella.
#pragma once
#include <tarn/testing/simulated.h>
