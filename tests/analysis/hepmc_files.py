"""Events of Pythia as HepMC files."""

from pathlib import Path
from typing import Any

import awkward as ak

PER_GEV = 1000


def generated(process: list[str], n_events: int, seed: int) -> Any:
    """Pythia's record of some events without multiparton interactions."""
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    beams = ["Print:quiet = on", "Beams:eCM = 13000", "PartonLevel:MPI = off"]
    for line in [*beams, "Random:setSeed = on", f"Random:seed = {seed}", *process]:
        assert pythia.readString(line)
    assert pythia.init()
    return pythia.nextBatch(n_events)


def write_hepmc(path: Path, record: Any) -> Path:
    """All particles of a record in MeV; event k weighs 1 + k % 3."""
    import pyhepmc

    with pyhepmc.open(path, "w") as file:
        for number, event in enumerate(record.prt):
            found = pyhepmc.GenEvent(pyhepmc.Units.MEV, pyhepmc.Units.MM)
            found.event_number, found.weights = number, [1.0 + number % 3]
            vertex = pyhepmc.GenVertex()
            for pz in (6.5e6, -6.5e6):
                beam = pyhepmc.FourVector(0, 0, pz, abs(pz))
                vertex.add_particle_in(pyhepmc.GenParticle(beam, 2212, 4))
            momenta = zip(
                *((PER_GEV * ak.to_numpy(event.p[x])).tolist() for x in ("px", "py", "pz", "e")), strict=True
            )
            # as lists: arrays of awkward are slow to go through one by one
            for pdg_id, status, momentum in zip(
                event.id.to_list(), event.status.to_list(), momenta, strict=True
            ):
                code = 1 if status > 0 else -status
                vertex.add_particle_out(pyhepmc.GenParticle(pyhepmc.FourVector(*momentum), pdg_id, code))
            found.add_vertex(vertex)
            file.write(found)
    return path
