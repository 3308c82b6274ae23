"""Which device computes what: pipeline stages and replicas, chosen by what the steps of a network cost.

    Program --flow-->  steps in order, values between them
            --measure-->  FLOPs and bytes at a microbatch
            --units-->  what stays together
            --cuts-->  where the network may be cut, and what crosses there
            --solve-->  the cuts whose slowest stage is fastest
            --choose-->  stages, replicas, microbatches: a `Plan`

A plan places steps on devices and never changes what they compute.
"""
