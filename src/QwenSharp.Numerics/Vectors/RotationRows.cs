namespace QwenSharp.Numerics;

/// <summary>rotations[row] = cosines and then sines of the row's position.</summary>
internal readonly unsafe struct RotationRows(RotaryEmbedding embedding, int* positions, float* rotations) : IRowOperation
{
    public void Execute(int row)
    {
        int pairs = embedding.Pairs;
        float* cosines = rotations + ((long)row * 2 * pairs), sines = cosines + pairs;
        for (int pair = 0; pair < pairs; pair++)
            (sines[pair], cosines[pair]) = embedding.SinCos(positions[row], pair);
    }
}

/// <summary>The same where each pair turns by a part of the position.</summary>
internal readonly unsafe struct GridRotationRows(RotaryEmbedding embedding, GridPosition* positions, float* rotations) : IRowOperation
{
    public void Execute(int row)
    {
        int pairs = embedding.Pairs;
        float* cosines = rotations + ((long)row * 2 * pairs), sines = cosines + pairs;
        for (int pair = 0; pair < pairs; pair++)
            (sines[pair], cosines[pair]) = embedding.SinCos(positions[row][embedding.AxisOf(pair)], pair);
    }
}
