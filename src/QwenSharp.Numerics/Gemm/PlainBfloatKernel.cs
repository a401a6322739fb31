namespace QwenSharp.Numerics;

/// <summary>Products of BF16 pairs in plain loops: the reference for <see cref="AssembledBfloatKernel"/>.</summary>
internal sealed unsafe class PlainBfloatKernel : GemmKernel
{
    public override int Rows => 12;

    public override int Columns => 32;

    public override bool TakesPairs => true;

    /// <inheritdoc/>
    public override void Multiply(float* a, float* b, int units, float* c, nint stride, bool add)
    {
        uint* rows = (uint*)a, columns = (uint*)b;
        for (int row = 0; row < Rows; row++, c += stride)
        {
            for (int column = 0; column < Columns; column++)
            {
                float sum = 0;
                for (int k = 0; k < units; k++)
                {
                    (uint x, uint y) = (rows[k * Rows + row], columns[k * Columns + column]);
                    sum += Bfloat16.High(x) * Bfloat16.High(y);
                    sum += Bfloat16.Low(x) * Bfloat16.Low(y);
                }

                c[column] = add ? c[column] + sum : sum;
            }
        }
    }
}
