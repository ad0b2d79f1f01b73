"""Events with an electron or a muon: leptons, photons, small jets and missing momentum beside large jets.

Objects are stored as the detector finds them, under the names of NanoAOD, whose reader chooses among them.
"""
