// Loaded into Combine with -L.
#include "RooAbsReal.h"
#include "RooNumIntConfig.h"
#include "RooRealVar.h"

namespace {
struct Settings {
   Settings()
   {
      // ROOT 6.40 made it an error to set a parameter outside of its range, which AsymptoticLimits does.
      RooRealVar::enableSilentClipping(true);
      // The default, Romberg's method to 1e-7, can stop with an integral of a dijet function wrong by per cents.
      auto &integrator = *RooAbsReal::defaultIntegratorConfig();
      integrator.method1D().setLabel("RooAdaptiveGaussKronrodIntegrator1D");
      integrator.setEpsRel(1e-10);
      integrator.setEpsAbs(1e-10);
   }
} settings;
} // namespace
