namespace QwenSharp.Numerics;

/// <summary>
/// One quantised block in plain form: wᵢ = Scale · GroupScales[g] · Codes[i] − Minimum · GroupMinima[g], with g = i / group length.
/// Every type has this form; those without groups have one of scale 1.
/// </summary>
internal unsafe struct DecodedBlock
{
    public float Scale;
    public float Minimum;
    public fixed short Codes[256];
    public fixed short GroupScales[16];
    public fixed short GroupMinima[16];
}
