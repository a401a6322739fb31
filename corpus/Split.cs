namespace QwenSharp.Corpus;

/// <summary>What an exercise is for. The two parts share no prompt, and where a skill is to generalise, no values either.</summary>
public enum Split
{
    /// <summary>To be trained on.</summary>
    Train,

    /// <summary>To be asked, and never trained on.</summary>
    HeldOut,
}
