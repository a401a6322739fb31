using System.Runtime.InteropServices;

namespace QwenSharp.Peers;

/// <summary>
/// The few calls of llama.cpp's C interface (v0.5.0, include/llama.h) that a benchmark needs, bound to the libraries
/// that the npm package <c>node-llama-cpp</c> 3.22.1 carries. Its backend picks the CPU variant that fits this processor.
/// </summary>
internal sealed unsafe class LlamaCpp : IDisposable
{
    private readonly nint _library;
    private readonly nint _model;
    private readonly nint _context;

    /// <summary>Maps a GGUF and makes a context with llama.cpp's own defaults (F16 KV cache, repacked weights).</summary>
    public LlamaCpp(string libraries, string path, int threads, int contextLength, bool exact = false)
    {
        nint ggml = NativeLibrary.Load(Library(libraries, "ggml.v"));
        _library = NativeLibrary.Load(Library(libraries, "llama.v"));

        ((delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<int, byte*, void*, void>, void*, void>)Export("llama_log_set"))(
            &Quiet,
            null);
        nint folder = Marshal.StringToCoTaskMemUTF8(libraries),
            file = Marshal.StringToCoTaskMemUTF8(path);
        ((delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(ggml, "ggml_backend_load_all_from_path"))(folder);
        ((delegate* unmanaged[Cdecl]<void>)Export("llama_backend_init"))();

        ModelParameters model = ((delegate* unmanaged[Cdecl]<ModelParameters>)Export("llama_model_default_params"))();
        _model = ((delegate* unmanaged[Cdecl]<nint, ModelParameters, nint>)Export("llama_model_load_from_file"))(file, model);
        if (_model == 0)
            throw new InvalidDataException($"llama.cpp does not load {path}.");

        ContextParameters context = ((delegate* unmanaged[Cdecl]<ContextParameters>)Export("llama_context_default_params"))();
        context.Context = (uint)contextLength;
        context.Batch = context.MicroBatch = 512;
        context.Threads = context.BatchThreads = threads;
        if (exact)
        {
            const int F32 = 0, Disabled = 0;
            (context.KeyType, context.ValueType, context.FlashAttention) = (F32, F32, Disabled);
        }

        _context = ((delegate* unmanaged[Cdecl]<nint, ContextParameters, nint>)Export("llama_init_from_model"))(_model, context);
        if (_context == 0)
            throw new InvalidDataException($"llama.cpp makes no context for {path}.");

        nint vocabulary = ((delegate* unmanaged[Cdecl]<nint, nint>)Export("llama_model_get_vocab"))(_model);
        VocabularySize = ((delegate* unmanaged[Cdecl]<nint, int>)Export("llama_vocab_n_tokens"))(vocabulary);
        Marshal.FreeCoTaskMem(folder);
        Marshal.FreeCoTaskMem(file);
    }

    public int VocabularySize { get; }

    /// <summary>Evaluates tokens after those already in the context and returns the last one's logits.</summary>
    public ReadOnlySpan<float> Decode(ReadOnlySpan<int> tokens)
    {
        fixed (int* first = tokens)
        {
            Batch batch = ((delegate* unmanaged[Cdecl]<int*, int, Batch>)Export("llama_batch_get_one"))(first, tokens.Length);
            int status = ((delegate* unmanaged[Cdecl]<nint, Batch, int>)Export("llama_decode"))(_context, batch);
            if (status != 0)
                throw new InvalidOperationException($"llama_decode returned {status}.");
        }

        float* logits = ((delegate* unmanaged[Cdecl]<nint, int, float*>)Export("llama_get_logits_ith"))(_context, -1);
        return new ReadOnlySpan<float>(logits, VocabularySize);
    }

    /// <summary>From now on decodes with a LoRA adapter.</summary>
    public void Adapt(string path)
    {
        nint file = Marshal.StringToCoTaskMemUTF8(path);
        nint adapter = ((delegate* unmanaged[Cdecl]<nint, nint, nint>)Export("llama_adapter_lora_init"))(_model, file);
        Marshal.FreeCoTaskMem(file);
        if (adapter == 0)
            throw new InvalidDataException($"llama.cpp does not load the adapter {path}.");

        float scale = 1;
        int status = ((delegate* unmanaged[Cdecl]<nint, nint*, nuint, float*, int>)Export("llama_set_adapters_lora"))(
            _context,
            &adapter,
            1,
            &scale);
        if (status != 0)
            throw new InvalidOperationException($"llama_set_adapters_lora returned {status}.");
    }

    /// <summary>Forgets all tokens.</summary>
    public void Clear()
    {
        nint memory = ((delegate* unmanaged[Cdecl]<nint, nint>)Export("llama_get_memory"))(_context);
        ((delegate* unmanaged[Cdecl]<nint, byte, void>)Export("llama_memory_clear"))(memory, 1);
    }

    public void Dispose()
    {
        ((delegate* unmanaged[Cdecl]<nint, void>)Export("llama_free"))(_context);
        ((delegate* unmanaged[Cdecl]<nint, void>)Export("llama_model_free"))(_model);
    }

    private static string Library(string folder, string name) =>
        Directory.EnumerateFiles(folder, $"*{name}*").Order().FirstOrDefault()
        ?? throw new FileNotFoundException($"{folder} has no library named *{name}*.");

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Quiet(int level, byte* text, void* data)
    {
        const int Error = 4;
        if (level == Error)
            Console.Error.Write(Marshal.PtrToStringUTF8((nint)text));
    }

    /// <summary>struct llama_model_params.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ModelParameters
    {
        public nint Devices, Overrides;
        public int GpuLayers, SplitMode, LoadMode, LazyMode, MainGpu;
        public nint TensorSplit, Progress, ProgressData, KeyOverrides;
        public byte VocabularyOnly, CheckTensors, UseExtraBuffers, NoHost, NoAllocation, LoadMtp;
    }

    /// <summary>struct llama_context_params.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ContextParameters
    {
        public uint Context, Batch, MicroBatch, Sequences, RecurrentSnapshots, MaxOutputs, MaxOutputsPerSequence;
        public int Threads, BatchThreads;
        public int ContextType, RopeScaling, Pooling, Attention, FlashAttention;
        public float RopeBase, RopeScale, YarnExtension, YarnAttention, YarnFast, YarnSlow;
        public uint YarnOriginalContext;
        public float DefragmentationThreshold;
        public nint Callback, CallbackData;
        public int KeyType, ValueType;
        public nint Abort, AbortData;
        public byte Embeddings, OffloadKqv, NoPerformance, OffloadOperations, FullWindow, UnifiedKv;
        public nint Samplers;
        public nuint SamplerCount;
        public nint OtherContext;
    }

    /// <summary>struct llama_batch.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Batch
    {
        public int Count;
        public nint Tokens, Embeddings, Positions, SequenceCounts, SequenceIds, Outputs;
    }
}
