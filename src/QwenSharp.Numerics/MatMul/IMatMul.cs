using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>Matrix products on one instruction set. Arguments are checked already.</summary>
internal interface IMatMul : IDisposable
{
    /// <summary><see cref="Compute.Project"/>.</summary>
    void Project(Activations x, int rows, ReadOnlySpan<Projection> outputs);

    /// <summary>The variant for an instruction set.</summary>
    static IMatMul Create(Isa isa, WorkerPool pool) => isa switch
    {
        Isa.Avx512Vnni => new LaneMatMul<Lanes512, Vector512<int>>(pool, new VnniProducts()),
        Isa.Avx512 => new LaneMatMul<Lanes512, Vector512<int>>(pool),
        Isa.Avx2 => new LaneMatMul<Lanes256, Vector256<int>>(pool),
        Isa.Vector128 => new LaneMatMul<Lanes128, Vector128<int>>(pool),
        _ => new ScalarMatMul(),
    };
}
