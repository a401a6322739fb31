namespace QwenSharp.Numerics;

/// <summary>What the processor's kernels are given must lie in the host's memory.</summary>
internal static unsafe class HostMemory
{
    extension(Activations matrix)
    {
        /// <summary>The first float.</summary>
        /// <exception cref="ArgumentException">The matrix is another backend's.</exception>
        public float* Pointer => matrix.OnHost().Pointer;
    }

    /// <exception cref="ArgumentException">The matrix is another backend's.</exception>
    public static HostActivations OnHost(this Activations matrix) => matrix as HostActivations ?? throw Foreign(matrix);

    /// <exception cref="ArgumentException">The store is another backend's.</exception>
    public static HostKvStore OnHost(this KvStore store) => store as HostKvStore ?? throw Foreign(store);

    /// <exception cref="ArgumentException">The store is another backend's.</exception>
    public static HostRecurrentStore OnHost(this RecurrentStore store) => store as HostRecurrentStore ?? throw Foreign(store);

    private static ArgumentException Foreign(object memory) =>
        new($"A {memory.GetType().Name} was made by another backend; this one computes on what it made itself.");
}
